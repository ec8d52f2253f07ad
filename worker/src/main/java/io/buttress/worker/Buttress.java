package io.buttress.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
    name = "buttress",
    description = "Fine-tuning studies of language encoders, without representation collapse.",
    mixinStandardHelpOptions = true,
    version = "buttress 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      LocalCommand.class,
      RunCommand.class,
      WorkerCommand.class,
      CheckCommand.class,
      ValidateCommand.class,
      ReportCommand.class,
      TasksCommand.class,
      MethodsCommand.class,
      PruneCommand.class,
      CommandLine.HelpCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every trial is done",
      "1:some trials are not",
      "2:the study or the command line is wrong",
      "3:a service failed",
      "130:cancelled"
    })
public final class Buttress {

  private Buttress() {}

  public static void main(String[] arguments) throws IOException {
    Environment environment = new Environment(System.getenv());
    boolean worker = arguments.length > 0 && arguments[0].equals("worker");
    // Before anything asks for a logger: people get progress on the console, operators get logs.
    System.setProperty(
        "logback.configurationFile", worker ? "logback-worker.xml" : "logback-cli.xml");
    // The engine ships with its native libraries and has nobody to report to.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    // Of gRPC and others; it would go to standard error.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    int exit;
    try {
      Path log = environment.home().resolve("logs").resolve("buttress.log");
      if (worker) {
        System.setProperty("buttress.log.format", environment.logFormat());
      } else {
        Files.createDirectories(log.getParent());
        System.setProperty("buttress.log", log.toString());
      }
      SLF4JBridgeHandler.install();
      exit = commandLine(environment, log).execute(arguments);
    } catch (ServiceException | IOException e) {
      System.err.println("buttress: " + e.getMessage());
      exit = Exit.SERVICE;
    }
    System.exit(exit);
  }

  static CommandLine commandLine(Environment environment, Path log) {
    CommandLine commandLine =
        new CommandLine(
            new Buttress(),
            new CommandLine.IFactory() {
              @Override
              public <K> K create(Class<K> type) throws Exception {
                try {
                  return type.getDeclaredConstructor(Environment.class).newInstance(environment);
                } catch (NoSuchMethodException e) {
                  return CommandLine.defaultFactory().create(type);
                }
              }
            });
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler(new ErrorReport(log));
    return commandLine;
  }
}
