package io.buttress.study;

/**
 * What the {@code Study} workflow returns.
 *
 * @param reportKey artifact with {@code report.json}, {@code report.html}, {@code report.md},
 *     {@code trials.csv}, {@code tables.tex}
 */
public record StudyResult(String studyKey, int planned, int done, int failed, String reportKey) {}
