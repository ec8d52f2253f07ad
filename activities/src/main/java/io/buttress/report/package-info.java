/** The report of a study: tables, pictures, HTML, Markdown, LaTeX and CSV. */
package io.buttress.report;
