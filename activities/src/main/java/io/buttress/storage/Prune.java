package io.buttress.storage;

import io.buttress.storage.ObjectStore.Entry;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Removes what nothing needs any more: blobs that no ref names, checkpoints of trials that do not
 * run, models that no study keeps, files that killed writers left. What is young stays, because an
 * upload whose ref is still to come looks the same.
 *
 * <p>Writers may go on meanwhile. A blob is set aside at {@code pruned/} before it is deleted, and
 * put back when a ref that names it turned up by then; a ref that turns up later has a writer that
 * finds the blob missing ({@link ArtifactStore#putRef}).
 */
public final class Prune {
  private static final String ASIDE = "pruned/";
  static final String TRAINED = "trained/";

  private final ObjectStore objects;
  private final Instant before;
  private final boolean dryRun;

  /**
   * @param before what was stored at this time or later stays
   * @param dryRun whether only to say what would be removed
   */
  public Prune(ObjectStore objects, Instant before, boolean dryRun) {
    this.objects = objects;
    this.before = before;
    this.dryRun = dryRun;
  }

  /** How much of a kind was removed, or would be. */
  public record Removed(int objects, long bytes) {
    static Removed of(List<Entry> entries) {
      return new Removed(entries.size(), entries.stream().mapToLong(Entry::size).sum());
    }
  }

  /** Blobs that no ref names. */
  public Removed blobs() throws IOException {
    List<Entry> old = old(objects.entries(ArtifactStore.BLOBS));
    Set<String> refs = new HashSet<>(objects.list(ArtifactStore.REFS));
    Set<String> named = named(refs);
    List<Entry> unnamed = old.stream().filter(blob -> !named.contains(blob.key())).toList();
    if (!dryRun) {
      // A suffix of this run: two runs at once must not delete what the other may put back.
      String own = "-" + UUID.randomUUID();
      for (Entry blob : unnamed) {
        objects.copy(blob.key(), blob.key().replace(ArtifactStore.BLOBS, ASIDE) + own);
        objects.delete(blob.key());
      }
      List<String> setAside =
          objects.entries(ASIDE).stream()
              // Old ones of other runs are left from a run that was interrupted.
              .filter(entry -> entry.key().endsWith(own) || isOld(entry))
              .map(Entry::key)
              .toList();
      Set<String> since = new HashSet<>(objects.list(ArtifactStore.REFS));
      since.removeAll(refs);
      named.addAll(named(since));
      for (String key : setAside) {
        putBackOrForget(key, named);
      }
    }
    return Removed.of(unnamed);
  }

  private void putBackOrForget(String aside, Set<String> named) throws IOException {
    String blob = aside.substring(0, aside.indexOf('-')).replace(ASIDE, ArtifactStore.BLOBS);
    if (named.contains(blob)) {
      objects.copy(aside, blob);
    }
    objects.delete(aside);
  }

  /**
   * Checkpoints of trials that do not run.
   *
   * @param running whether the trial with this fingerprint does
   */
  public Removed checkpoints(Predicate<String> running) throws IOException {
    return remove(ofEnded(CheckpointKeys.FOLDER, running));
  }

  /**
   * Models that trainings left for a choice of the best that was never made: of trials that were
   * cancelled, failed afterwards, or whose study was terminated.
   *
   * @param kept the folders of those that are the best of a study
   */
  public Removed models(Predicate<String> running, Set<String> kept) throws IOException {
    return remove(
        ofEnded(TRAINED, running).stream()
            .filter(
                entry -> kept.stream().noneMatch(folder -> entry.key().startsWith(folder + "/")))
            // Without its weights a model is none: what is left of an interrupted pruning is not
            // used.
            .sorted(Comparator.comparing(entry -> !entry.key().endsWith(StoredModels.WEIGHTS)))
            .toList());
  }

  /** A trial's objects go together: half a checkpoint is of no use. */
  private List<Entry> ofEnded(String folder, Predicate<String> running) throws IOException {
    Map<String, List<Entry>> trials =
        objects.entries(folder).stream()
            .collect(
                Collectors.groupingBy(
                    entry -> entry.key().substring(folder.length()).split("/")[0],
                    TreeMap::new,
                    Collectors.toList()));
    List<Entry> ended = new ArrayList<>();
    trials.forEach(
        (fingerprint, entries) -> {
          if (old(entries).size() == entries.size() && !running.test(fingerprint)) {
            ended.addAll(entries);
          }
        });
    return ended;
  }

  /** What killed writers left. */
  public Removed unfinished() throws IOException {
    return remove(old(objects.unfinished()));
  }

  private List<Entry> old(List<Entry> entries) {
    return entries.stream().filter(this::isOld).toList();
  }

  private boolean isOld(Entry entry) {
    return entry.modified().isBefore(before);
  }

  private Removed remove(List<Entry> entries) throws IOException {
    if (!dryRun) {
      for (Entry entry : entries) {
        objects.delete(entry.key());
      }
    }
    return Removed.of(entries);
  }

  /** Keys of the blobs that these refs name. */
  private Set<String> named(Set<String> refs) throws IOException {
    Set<String> blobs = new HashSet<>();
    for (String ref : refs) {
      // A ref that is gone by now names nothing; one that cannot be read ends the pruning.
      ArtifactStore.read(objects, ref.substring(ArtifactStore.REFS.length()))
          .ifPresent(
              artifact ->
                  artifact.files().values().stream()
                      .map(ArtifactStore::blobKey)
                      .forEach(blobs::add));
    }
    return blobs;
  }
}
