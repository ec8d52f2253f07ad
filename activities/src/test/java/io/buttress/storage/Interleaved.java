package io.buttress.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs two programs over one store, each operation in a turn that a schedule decides: every run of
 * a schedule is the same.
 */
public final class Interleaved {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition turned = lock.newCondition();
  private final List<Boolean> schedule;
  private final boolean[] ended = new boolean[2];
  private int step;
  private int turn;

  /**
   * @param schedule whether the next turn is the second one's; when it is over, the first one goes
   *     first
   */
  public Interleaved(List<Boolean> schedule) {
    this.schedule = schedule;
    turn = next();
  }

  /** Uses a store and nothing else that is shared. */
  public interface Program {
    void run(ObjectStore store) throws IOException;
  }

  /** Runs both to their end; throws what one of them threw. */
  public void run(ObjectStore store, Program first, Program second) throws Exception {
    Exception[] failures = new Exception[2];
    Program[] programs = {first, second};
    Thread[] threads = new Thread[2];
    for (int i = 0; i < 2; i++) {
      int me = i;
      threads[i] =
          new Thread(
              () -> {
                try {
                  programs[me].run(new Turns(store, me));
                } catch (IOException | RuntimeException e) {
                  failures[me] = e;
                } finally {
                  end(me);
                }
              });
      threads[i].start();
    }
    for (int i = 0; i < 2; i++) {
      threads[i].join();
    }
    for (Exception failure : failures) {
      if (failure != null) {
        throw failure;
      }
    }
  }

  private int next() {
    return step < schedule.size() && schedule.get(step++) ? 1 : 0;
  }

  private void end(int me) {
    lock.lock();
    try {
      ended[me] = true;
      turned.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private interface Operation<T> {
    T run() throws IOException;
  }

  private <T> T inTurn(int me, Operation<T> operation) throws IOException {
    lock.lock();
    try {
      while (turn != me && !ended[1 - me]) {
        turned.awaitUninterruptibly();
      }
      T result = operation.run();
      turn = next();
      turned.signalAll();
      return result;
    } finally {
      lock.unlock();
    }
  }

  private final class Turns implements ObjectStore {
    private final ObjectStore store;
    private final int me;

    Turns(ObjectStore store, int me) {
      this.store = store;
      this.me = me;
    }

    @Override
    public boolean putIfAbsent(String key, Path file) throws IOException {
      return inTurn(me, () -> store.putIfAbsent(key, file));
    }

    @Override
    public Optional<InputStream> get(String key) throws IOException {
      return inTurn(me, () -> store.get(key));
    }

    @Override
    public boolean exists(String key) throws IOException {
      return inTurn(me, () -> store.exists(key));
    }

    @Override
    public List<Entry> entries(String prefix) throws IOException {
      return inTurn(me, () -> store.entries(prefix));
    }

    @Override
    public void delete(String key) throws IOException {
      inTurn(
          me,
          () -> {
            store.delete(key);
            return null;
          });
    }

    @Override
    public void copy(String from, String to) throws IOException {
      inTurn(
          me,
          () -> {
            store.copy(from, to);
            return null;
          });
    }

    @Override
    public URI uri(String key) {
      return store.uri(key);
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
