package io.buttress.dataset;

import java.util.List;

/**
 * The wanted fields of one record.
 *
 * @param line physical line on which it begins, from 1; Parquet: its number
 */
record Row(int line, List<String> fields) {}
