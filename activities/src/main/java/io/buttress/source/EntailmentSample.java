package io.buttress.source;

import java.util.List;
import java.util.Random;

/**
 * Pairs of sentences about who does what, and where. A hypothesis follows when it only drops or
 * widens something (the place, the number, the kind). It does not when it denies, claims too much,
 * or names another kind or deed; only the latter two need the premise. Validation speaks of kinds
 * that training never mentions.
 */
final class EntailmentSample implements SampleTask {
  private record Kind(String plural, String wider) {}

  private static final List<Kind> TRAIN_KINDS =
      List.of(
          new Kind("dogs", "animals"),
          new Kind("horses", "animals"),
          new Kind("rabbits", "animals"),
          new Kind("doctors", "people"),
          new Kind("farmers", "people"),
          new Kind("students", "people"),
          new Kind("sparrows", "birds"),
          new Kind("owls", "birds"));
  private static final List<Kind> VALIDATION_KINDS =
      List.of(
          new Kind("cats", "animals"),
          new Kind("goats", "animals"),
          new Kind("nurses", "people"),
          new Kind("singers", "people"),
          new Kind("crows", "birds"),
          new Kind("parrots", "birds"));
  private static final List<String> NUMBERS =
      List.of("two", "three", "four", "five", "six", "seven");
  private static final List<String> DEEDS =
      List.of(
          "sleeping", "eating", "waiting", "playing", "drinking", "walking", "running", "hiding");
  private static final List<String> PLACES =
      List.of(
          "in the garden",
          "near the river",
          "behind the house",
          "on the roof",
          "at the station",
          "under the bridge",
          "in the barn",
          "beside the road");
  private static final List<String> OVERCLAIMS = List.of("no ", "none of the ", "only ", "all ");
  private static final List<String> DENIALS = List.of("not ", "never ", "no longer ");
  private static final List<String> ENDINGS =
      List.of("", "", " this morning", " after the rain", " as usual");

  @Override
  public List<String> columns() {
    return List.of("premise", "hypothesis", "label");
  }

  @Override
  public List<String> labels() {
    return List.of("entailment", "not_entailment");
  }

  @Override
  public List<String> text(int label, boolean validation, Random random) {
    List<Kind> kinds = validation ? VALIDATION_KINDS : TRAIN_KINDS;
    Kind kind = SampleTask.pick(kinds, random);
    String number = SampleTask.pick(NUMBERS, random);
    String deed = SampleTask.pick(DEEDS, random);
    String place = SampleTask.pick(PLACES, random);
    String premise =
        number
            + " "
            + kind.plural()
            + " are "
            + deed
            + " "
            + place
            + SampleTask.pick(ENDINGS, random)
            + " .";
    String who = random.nextBoolean() ? kind.plural() : kind.wider();
    String count = random.nextBoolean() ? number : "some";
    String where = random.nextBoolean() ? " " + place : "";
    String hypothesis;
    if (label == 0) {
      hypothesis = count + " " + who + " are " + deed + where;
    } else {
      hypothesis =
          switch (random.nextInt(10)) {
            case 0, 1, 2 -> SampleTask.pick(OVERCLAIMS, random) + who + " are " + deed + where;
            case 3, 4 ->
                count + " " + who + " are " + SampleTask.pick(DENIALS, random) + deed + where;
            case 5, 6, 7 -> count + " " + other(kinds, kind, random) + " are " + deed + where;
            default ->
                count + " " + who + " are " + SampleTask.pickOther(DEEDS, deed, random) + where;
          };
    }
    return List.of(premise, hypothesis + " .");
  }

  /** Another kind, or what it is widened to; neither has to do with this one. */
  private static String other(List<Kind> kinds, Kind kind, Random random) {
    List<String> others =
        kinds.stream()
            .filter(k -> !k.wider().equals(kind.wider()))
            .map(random.nextBoolean() ? Kind::plural : Kind::wider)
            .toList();
    return SampleTask.pick(others, random);
  }
}
