package io.buttress.study;

import java.util.List;

/**
 * The trials of a study.
 *
 * @param studyKey sha256 of the resolved study, without its name and how it is run
 * @param trials in the order to run them: trials that share a dataset stand together
 * @param datasets distinct datasets of the trials, in the order they are first needed
 */
public record StudyPlan(String studyKey, List<Trial> trials, List<DatasetRequest> datasets) {}
