package io.buttress.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.collapse.CollapseMetrics;
import io.buttress.collapse.Representations;
import io.buttress.collapse.Spectrum;
import io.buttress.dataset.SubwordTokenizer;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.method.Snapshot;
import io.buttress.model.EncoderConfig;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.source.SampleTask;
import io.buttress.source.SourceException;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.CollapseSpec;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Json;
import io.buttress.study.StudyParser;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskCatalog;
import io.buttress.study.TaskKind;
import io.buttress.training.Fit;
import io.buttress.training.Trainer;
import io.buttress.worker.Buttress;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Buttress's side of {@code infra/bench/peer}. Without arguments it reads commands from standard
 * input, a JSON object a line, and answers each with a line on standard output; {@code peer.py}
 * says what they are. With {@code overhead FILE ARGUMENTS...} it runs the {@code buttress} command
 * and writes which share of a study's time nothing was computed in.
 */
public final class Peer {
  private static final Progress SILENT = (step, steps, loss) -> {};

  /** As {@code DatasetMaker} has it. */
  private static final int TEXTS = 500;

  private final Map<String, Split> splits = new HashMap<>();
  private final Map<String, Snapshot> snapshots = new HashMap<>();
  private Spectrum pretrained;

  private Peer() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 1 && arguments[0].equals("overhead")) {
      Overhead.watch(Path.of(arguments[1]));
      Buttress.main(Arrays.copyOfRange(arguments, 2, arguments.length));
      return;
    }
    // What libraries print must not come between the answers.
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    Peer peer = new Peer();
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = commands.readLine()) != null; ) {
      Object answer;
      try {
        answer = peer.answer(Json.MAPPER.readTree(line));
      } catch (InvalidStudyException e) {
        answer = Map.of("unsupported", e.getMessage());
      } catch (IOException | RuntimeException e) {
        e.printStackTrace();
        answer = Map.of("error", e.toString());
      }
      answers.println(Json.canonical(answer));
    }
    System.exit(0);
  }

  private Object answer(JsonNode command) throws IOException {
    return switch (command.get("do").asText()) {
      case "sample" -> Map.of("tsv", SampleTask.file("entailment", "train").orElseThrow());
      case "train" -> train(command);
      case "evaluate" -> evaluate(command);
      case "tokenize" -> tokenize(command);
      case "collapse" -> collapse(command);
      default -> throw new IllegalArgumentException("unknown command " + command);
    };
  }

  /** The times of the steps after the warm-up, and the losses of up to 200 steps. */
  private Object train(JsonNode command) throws IOException {
    // By the parser of studies: it refuses what this version cannot do.
    ObjectNode study = Json.MAPPER.createObjectNode().put("name", "peer");
    study.putArray("tasks").add("sample:entailment");
    study.putArray("methods").addObject().put("id", command.path("method").asText("stl"));
    study.set("training", command.get("training"));
    StudySpec spec = new StudyParser(TaskCatalog.builtIn()).parse(study);
    Split split = split(command);
    ModelFolder folder = folder(command);
    EncoderConfig config = folder.config();
    if (spec.training().get(0).dropout() != null) {
      config = config.withDropout(spec.training().get(0).dropout());
    }
    int warmUp = command.get("warmUp").asInt();
    List<Double> seconds = new ArrayList<>();
    boolean bfloat16 = spec.training().get(0).bfloat16();
    try (TextClassifier model = new TextClassifier(folder, config, 2, purpose -> 1, bfloat16)) {
      MethodContext context =
          new MethodContext(
              spec.methods().get(0),
              spec.training().get(0),
              TaskKind.CLASSIFICATION,
              1,
              model,
              snapshot(command, folder, split),
              Noise.ENGINE);
      long[] last = {System.nanoTime()};
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, split, spec.training().get(0), 1)
              .fit(
                  model,
                  MethodRegistry.create(context),
                  (step, steps, loss) -> {
                    long now = System.nanoTime();
                    if (step > warmUp) {
                      seconds.add((now - last[0]) / 1e9);
                    }
                    last[0] = now;
                  });
      List<Double> losses =
          fit.history().stream()
              .filter(point -> point.metric().equals("loss"))
              .map(MetricPoint::value)
              .toList();
      return Map.of("seconds", seconds, "losses", losses);
    }
  }

  /** As a study has it, in a mapped file; null for methods that need none. */
  private Snapshot snapshot(JsonNode command, ModelFolder folder, Split split) throws IOException {
    if (!command.path("method").asText().startsWith("repina")) {
      return null;
    }
    String key = command.get("model") + " " + command.get("split");
    if (!snapshots.containsKey(key)) {
      try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1)) {
        float[] values =
            new Evaluator(model, SILENT)
                .run(split, List.of(-1), Pooling.CLS)
                .representations()
                .get(-1);
        Path file = Files.createTempFile("snapshot", ".safetensors");
        file.toFile().deleteOnExit();
        int width = values.length / split.size();
        Safetensors.write(file, Map.of("-1", Tensor.of(values, split.size(), width)));
        snapshots.put(key, new Snapshot(Map.of(-1, Safetensors.read(file).get("-1"))));
      }
    }
    return snapshots.get(key);
  }

  private Object evaluate(JsonNode command) throws IOException {
    Split split = split(command);
    ModelFolder folder = folder(command);
    try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1)) {
      long start = System.nanoTime();
      float[][] logits = new Evaluator(model, SILENT).run(split, List.of(), Pooling.CLS).logits();
      return Map.of("seconds", List.of(since(start)), "logits", logits);
    }
  }

  private Object tokenize(JsonNode command) throws IOException {
    List<List<String>> texts = new ArrayList<>();
    for (JsonNode pair : Json.MAPPER.readTree(path(command, "texts").toFile())) {
      texts.add(List.of(pair.get(0).asText(), pair.get(1).asText()));
    }
    List<int[]> ids = new ArrayList<>();
    try (SubwordTokenizer tokenizer =
        new SubwordTokenizer(
            path(command, "model").resolve("tokenizer.json"), command.get("maxLength").asInt())) {
      long start = System.nanoTime();
      for (int from = 0; from < texts.size(); from += TEXTS) {
        int to = Math.min(from + TEXTS, texts.size());
        ids.addAll(List.of(tokenizer.encode(texts.subList(from, to)).ids()));
      }
      return Map.of("seconds", List.of(since(start)), "digest", Json.sha256(ids));
    } catch (SourceException e) {
      throw new IOException(e);
    }
  }

  /** Everything that a trial measures of one matrix; the pre-trained one's spectrum is known. */
  private Object collapse(JsonNode command) throws IOException {
    Map<String, Tensor> tensors = Safetensors.read(path(command, "file"));
    Representations before = Representations.of(tensors.get("pretrained"));
    Representations after = Representations.of(tensors.get("finetuned"));
    int[] classes = new int[after.n()];
    Arrays.setAll(classes, i -> i % 2);
    if (pretrained == null) {
      pretrained = Spectrum.of(before);
    }
    long start = System.nanoTime();
    Map<String, Double> metrics =
        CollapseMetrics.compute(
            after, Spectrum.of(after), before, pretrained, classes, CollapseSpec.DEFAULT.topK());
    return Map.of("seconds", List.of(since(start)), "metrics", metrics);
  }

  private Split split(JsonNode command) throws IOException {
    Path file = path(command, "split");
    if (!splits.containsKey(file.toString())) {
      JsonNode json = Json.MAPPER.readTree(file.toFile());
      splits.put(
          file.toString(),
          new Split(
              Json.MAPPER.treeToValue(json.get("ids"), int[][].class),
              Json.MAPPER.treeToValue(json.get("types"), int[][].class),
              Json.MAPPER.treeToValue(json.get("targets"), float[].class)));
    }
    return splits.get(file.toString());
  }

  private static ModelFolder folder(JsonNode command) throws IOException {
    return ModelFolder.read(path(command, "model"));
  }

  private static Path path(JsonNode command, String field) {
    return Path.of(command.get(field).asText());
  }

  private static double since(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }

  /**
   * Looks 50 times a second what the threads do, from the planning of a study to the end of its
   * report. Where none of them trains, evaluates, tokenizes or measures, time goes to
   * orchestration, tracking, storage and the report.
   */
  private static final class Overhead {
    private static final int MILLISECONDS = 20;
    private static final List<String> COMPUTING =
        List.of(
            "io.buttress.training.Trainer",
            "io.buttress.encoding.Evaluator",
            "io.buttress.model.TextClassifier",
            "io.buttress.collapse.Representations",
            "io.buttress.collapse.Spectrum",
            "io.buttress.collapse.CollapseMetrics",
            "io.buttress.dataset.SubwordTokenizer",
            "io.buttress.evaluation.Metrics");

    private final Path file;
    private int computing;
    private int looks;

    /** What had been counted when the report was last seen at work. */
    private Map<String, Integer> counted = Map.of();

    private final Map<String, Integer> idle = new HashMap<>();

    private Overhead(Path file) {
      this.file = file;
    }

    static void watch(Path file) {
      Overhead overhead = new Overhead(file);
      Thread thread = new Thread(overhead::run, "overhead");
      thread.setDaemon(true);
      thread.start();
      Runtime.getRuntime().addShutdownHook(new Thread(overhead::write));
    }

    private void run() {
      boolean planned = false;
      while (true) {
        boolean computes = false;
        boolean reports = false;
        String at = "waiting";
        for (StackTraceElement[] stack : Thread.getAllStackTraces().values()) {
          String top = null;
          for (StackTraceElement frame : stack) {
            String name = frame.getClassName();
            if (!name.startsWith("io.buttress.")
                || name.equals(Peer.class.getName() + "$Overhead")) {
              continue;
            }
            top = top == null ? name : top;
            planned |= name.equals("io.buttress.plan.PlanStudyActivity");
            reports |= name.equals("io.buttress.report.ReportActivity");
            computes |= !top.startsWith("io.buttress.storage.") && COMPUTING.contains(name);
            if (name.endsWith("Activity")) {
              at = name.substring(name.lastIndexOf('.') + 1);
            }
          }
        }
        if (planned) {
          looks++;
          if (computes) {
            computing++;
          } else {
            idle.merge(at, 1, Integer::sum);
          }
        }
        if (reports) {
          synchronized (this) {
            counted = new HashMap<>(idle);
            counted.put("computing", computing);
            counted.put("looks", looks);
          }
        }
        try {
          Thread.sleep(MILLISECONDS);
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private synchronized void write() {
      try {
        Files.writeString(file, Json.canonical(counted));
      } catch (IOException e) {
        e.printStackTrace();
      }
    }
  }
}
