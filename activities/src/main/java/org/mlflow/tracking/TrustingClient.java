package org.mlflow.tracking;

import java.lang.reflect.Field;
import javax.net.ssl.SSLContext;
import org.mlflow.tracking.creds.MlflowHostCredsProvider;
import org.mlflow_project.apachehttp.impl.client.HttpClients;

/**
 * MLflow's client with other authorities than the JVM's. In MLflow's package because its HTTP
 * client can be set nowhere else.
 */
public final class TrustingClient {
  private TrustingClient() {}

  /** A client whose connections trust as the context says. */
  public static MlflowClient create(MlflowHostCredsProvider credentials, SSLContext context) {
    MlflowClient client = new MlflowClient(credentials);
    try {
      Field caller = MlflowClient.class.getDeclaredField("httpCaller");
      caller.setAccessible(true);
      ((MlflowHttpCaller) caller.get(client)).httpClient =
          HttpClients.custom().setSSLContext(context).build();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this version of mlflow-client is built otherwise", e);
    }
    return client;
  }
}
