/** MLflow's client with authorities of its own, which only this package of its may set. */
package org.mlflow.tracking;
