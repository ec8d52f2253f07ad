/** Studies and trials as runs in MLflow. */
package io.buttress.tracking;
