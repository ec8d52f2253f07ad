package io.buttress.plan;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Plans in the object store: {@code trials-00000.json}, {@code trials-00100.json}, ..., each a list
 * of up to 100 trials. The key is decided by the content. Safe for many threads.
 */
public final class PlanStore {
  private static final int PAGE = 100;
  private static final TypeReference<List<Trial>> TRIALS = new TypeReference<>() {};

  private final ArtifactStore store;
  private final AtomicReference<Page> last = new AtomicReference<>();

  public PlanStore(ArtifactStore store) {
    this.store = store;
  }

  private record Page(String planKey, int start, List<Trial> trials) {}

  /** Stores a plan, or adopts the equal one that is there. Returns its key. */
  public String put(List<Trial> trials) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (ScratchFolder scratch = store.scratch()) {
      for (int start = 0; start < trials.size(); start += PAGE) {
        String json = Json.canonical(trials.subList(start, Math.min(start + PAGE, trials.size())));
        Files.writeString(scratch.root().resolve(name(start)), json);
        digests.put(name(start), Json.sha256(json.getBytes(StandardCharsets.UTF_8)));
      }
      String key = Artifacts.plan(digests);
      store.put(key, scratch.files());
      return key;
    }
  }

  /**
   * Trials {@code from} (inclusive) to {@code from + size} (exclusive), fewer at the plan's end.
   *
   * @throws IOException also when there is no such plan
   */
  public List<Trial> page(String planKey, int from, int size) throws IOException {
    Artifact plan = store.get(planKey);
    List<Trial> trials = new ArrayList<>();
    long end = (long) from + size;
    for (int start = from / PAGE * PAGE; start < end; start += PAGE) {
      if (!plan.files().containsKey(name(start))) {
        break;
      }
      List<Trial> page = read(plan, start);
      int first = Math.min(Math.max(from - start, 0), page.size());
      trials.addAll(page.subList(first, (int) Math.max(first, Math.min(end - start, page.size()))));
    }
    return trials;
  }

  private List<Trial> read(Artifact plan, int start) throws IOException {
    Page page = last.get();
    if (page == null || !page.planKey().equals(plan.key()) || page.start() != start) {
      page =
          new Page(
              plan.key(),
              start,
              Json.MAPPER.readValue(store.file(plan, name(start)).toFile(), TRIALS));
      last.set(page);
    }
    return page.trials();
  }

  private static String name(int start) {
    return String.format("trials-%05d.json", start);
  }
}
