import Bytes
import Pipeline
import Profiles

/// Outlives lifeboat, whatever ends it: a shell in a session of its own that holds the other end of a pipe. When
/// lifeboat is gone it ends the server and removes the folder, which holds decrypted data; when the server's time to
/// live is over it ends the server.
///
/// The kernel's signal at a parent's death reaches only the server's first process, and not one that changed its
/// account on the way; what it has forked may go on for as long as a statement takes.
final class ServerGuard: Sendable {
  /// The file of a drill's folder that says that the time to live was over.
  static let expiredName = "expired"
  private let child: Child

  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - folder: the drill's
  ///   - timeToLive: at least a second
  init(_ folder: String, timeToLive: Seconds) throws(Failure) {
    let seconds = max(1, timeToLive.count)
    var command = ChildCommand(
      "setsid", ["sh", "-c", ServerGuard.script, "lifeboat-guard", folder, "\(seconds)"], failing: .targetRefused)
    command.environment = .only(["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"])
    command.folder = "/"
    command.input = .pipe
    command.output = .nothing
    child = try Child.start(command, stop: StopSignal())
  }

  /// Lets it go: what is then still in the folder is removed by it.
  func release() { child.closeInput() }

  /// `timeout` says 124 where it had to end `cat`, which otherwise ends with the pipe. Nothing here keeps standard
  /// error open: its reader would wait for the guard.
  private static let script = """
    exec 2>/dev/null
    folder=$1
    end() {
      tries=0
      while [ $tries -lt 100 ]; do
        found=
        for place in /proc/[0-9]*/cwd; do
          case $(readlink "$place") in
            "$folder"/server/*)
              number=${place#/proc/}
              kill -9 "${number%/cwd}" && found=1 ;;
          esac
        done
        [ -n "$found" ] || return 0
        tries=$((tries + 1))
        sleep 0.1
      done
    }
    timeout "$2" cat >/dev/null
    if [ $? = 124 ]; then
      : >"$folder/expired"
      end
      cat >/dev/null
    fi
    [ -d "$folder" ] || exit 0
    end
    rm -rf -- "$folder"
    """
}
