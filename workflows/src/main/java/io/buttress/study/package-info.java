/** What a study is: its spec and checks, its plan, and what is told of its progress and results. */
package io.buttress.study;
