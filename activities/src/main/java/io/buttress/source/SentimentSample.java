package io.buttress.source;

import java.util.List;
import java.util.Random;

/**
 * Short film reviews. Simple ones can be told by one word; negations and contrasts, where the last
 * clause decides, cannot. Validation speaks of other things than training, partly in other words.
 */
final class SentimentSample implements SampleTask {
  private static final List<List<String>> TRAIN_ADJECTIVES =
      List.of(
          List.of(
              "dull",
              "awful",
              "tedious",
              "clumsy",
              "dreadful",
              "boring",
              "weak",
              "messy",
              "terrible",
              "stale",
              "annoying",
              "disappointing"),
          List.of(
              "wonderful",
              "charming",
              "delightful",
              "brilliant",
              "excellent",
              "moving",
              "clever",
              "lovely",
              "gripping",
              "superb",
              "fresh",
              "enjoyable"));
  private static final List<List<String>> VALIDATION_ADJECTIVES =
      List.of(
          List.of(
              "dull",
              "awful",
              "boring",
              "weak",
              "annoying",
              "lifeless",
              "irritating",
              "bland",
              "forced",
              "hollow",
              "sloppy",
              "predictable"),
          List.of(
              "wonderful",
              "charming",
              "brilliant",
              "clever",
              "enjoyable",
              "heartfelt",
              "stunning",
              "witty",
              "touching",
              "elegant",
              "memorable",
              "haunting"));
  private static final List<String> TRAIN_NOUNS =
      List.of(
          "plot",
          "acting",
          "music",
          "script",
          "ending",
          "camera work",
          "dialogue",
          "pacing",
          "cast",
          "story",
          "humour",
          "lighting");
  private static final List<String> VALIDATION_NOUNS =
      List.of(
          "soundtrack",
          "editing",
          "scenery",
          "direction",
          "villain",
          "opening scene",
          "romance",
          "finale");
  private static final List<String> OPENERS =
      List.of(
          "",
          "",
          "last night we noticed that ",
          "my brother says ",
          "to be honest , ",
          "after two hours we agreed that ",
          "as far as i can tell , ",
          "critics wrote that ");
  private static final List<String> DEGREES =
      List.of("", "", "really ", "quite ", "so ", "rather ");
  private static final List<String> NEGATIONS =
      List.of("not ", "never ", "hardly ", "far from ", "anything but ");

  @Override
  public List<String> columns() {
    return List.of("sentence", "label");
  }

  @Override
  public List<String> labels() {
    return List.of("negative", "positive");
  }

  @Override
  public List<String> text(int label, boolean validation, Random random) {
    List<String> nouns = validation ? VALIDATION_NOUNS : TRAIN_NOUNS;
    List<List<String>> adjectives = validation ? VALIDATION_ADJECTIVES : TRAIN_ADJECTIVES;
    List<String> same = adjectives.get(label);
    List<String> opposite = adjectives.get(1 - label);
    String first = SampleTask.pick(nouns, random);
    String second = SampleTask.pickOther(nouns, first, random);
    String review =
        switch (random.nextInt(10)) {
          case 0, 1, 2, 3, 4 -> clause(first, DEGREES, same, random);
          case 5, 6 -> clause(first, NEGATIONS, opposite, random);
          case 7, 8 ->
              clause(first, DEGREES, opposite, random)
                  + " , but "
                  + clause(second, DEGREES, same, random);
          default ->
              clause(first, DEGREES, opposite, random)
                  + " , but "
                  + clause(second, NEGATIONS, opposite, random);
        };
    return List.of(SampleTask.pick(OPENERS, random) + review + " .");
  }

  private static String clause(
      String noun, List<String> degrees, List<String> adjectives, Random random) {
    return "the "
        + noun
        + " is "
        + SampleTask.pick(degrees, random)
        + SampleTask.pick(adjectives, random);
  }
}
