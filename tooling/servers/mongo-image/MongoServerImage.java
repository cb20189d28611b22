import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.Arrays;
import java.util.List;

/**
 * mongo-java-server behind the command line of mongod, as far as the tests use it. It says that it
 * is MongoDB 4.4: what it does is older, but clients of today refuse to talk to that.
 */
public final class MongoServerImage {
  private static final MongoVersion VERSION = new MongoVersion() {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(4, 4, 0);
    }

    @Override
    public int getWireVersion() {
      return 9;
    }
  };

  public static void main(String[] args) {
    List<String> options = Arrays.asList(args);
    int port = Integer.parseInt(options.get(options.indexOf("--port") + 1));
    String address = options.get(options.indexOf("--bind_ip") + 1);
    MongoServer server = new MongoServer(new MemoryBackend().version(VERSION));
    server.bind(address, port);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    System.out.println("Waiting for connections");
  }
}
