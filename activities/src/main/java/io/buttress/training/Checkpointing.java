package io.buttress.training;

import java.util.Optional;

/** Where a training run leaves checkpoints, and finds those of its earlier attempts. */
public interface Checkpointing {
  Checkpointing NONE =
      new Checkpointing() {
        @Override
        public Optional<Checkpoint> newest() {
          return Optional.empty();
        }

        @Override
        public boolean isDue() {
          return false;
        }

        @Override
        public void save(Checkpoint checkpoint) {}
      };

  /** The one to go on from. */
  Optional<Checkpoint> newest();

  /** Whether it is time for the next one; asked after every step. */
  boolean isDue();

  /** Takes a checkpoint; may store it later, in the background. */
  void save(Checkpoint checkpoint);
}
