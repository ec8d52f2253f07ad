package io.buttress.data;

import java.util.List;
import java.util.Random;

/**
 * Short film reviews. Simple ones can be told by one word; negations and contrasts, where the last
 * clause decides, cannot. Validation speaks of things that training never mentions.
 */
final class SentimentSample implements SampleTask {
  private static final List<List<String>> ADJECTIVES =
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
    String first = SampleTask.pick(nouns, random);
    String second = SampleTask.pick(nouns, random);
    int form = random.nextInt(10);
    String review;
    if (form < 4) {
      review = plain(first, label, random);
    } else if (form < 6) {
      review = negated(first, label, random);
    } else if (form < 9) {
      review = plain(first, 1 - label, random) + " , but " + plain(second, label, random);
    } else {
      review = plain(first, 1 - label, random) + " , but " + negated(second, label, random);
    }
    return List.of(SampleTask.pick(OPENERS, random) + review + " .");
  }

  private static String plain(String noun, int label, Random random) {
    return "the "
        + noun
        + " is "
        + SampleTask.pick(DEGREES, random)
        + SampleTask.pick(ADJECTIVES.get(label), random);
  }

  private static String negated(String noun, int label, Random random) {
    return "the "
        + noun
        + " is "
        + SampleTask.pick(NEGATIONS, random)
        + SampleTask.pick(ADJECTIVES.get(1 - label), random);
  }
}
