package import Bytes

/// A proxy on the loopback between an S3 client and a server: passes everything, and on request lets go wrong what goes
/// wrong on networks and in servers. Signatures stay valid, for the `Host` header is not touched.
///
/// Plain threads, two for a connection and two more where there is a delay. HTTP only. Ends when it is let go of.
package final class FaultProxy: Sendable {
  private let board = Board()
  private let gate: Gate
  private let seed: UInt64

  /// Starts at once.
  ///
  /// - Parameters:
  ///   - upstream: the server's port
  ///   - port: 0 to choose one
  ///   - seed: for the faults that are a matter of chance
  package init(before upstream: UInt16, on port: UInt16 = 0, seed: UInt64 = 1) throws(SystemError) {
    self.seed = seed
    gate = try Gate(on: port, before: upstream, board)
  }

  deinit { gate.shut() }

  /// The port that clients connect to.
  package var port: UInt16 { gate.port }

  /// The address that clients connect to.
  package var endpoint: String { "http://127.0.0.1:\(port)" }

  // MARK: - What goes wrong

  /// Replaces the script; requests that are under way keep what they met.
  package func play(_ faults: [ProxyFault]) { board.play(FaultScript(faults, seed: seed)) }

  /// How often each fault of the script took place: one that never did has tested nothing.
  package var happened: [Int] { board.happened }

  /// Makes the way longer by this many nanoseconds there and back: half of it each way, and all of it for a new
  /// connection. It stays as wide as it is.
  package func setRoundTrip(_ nanoseconds: UInt64) { board.setRoundTrip(nanoseconds) }

  /// Sends new connections to another server.
  package func setUpstream(_ port: UInt16) { gate.setUpstream(port) }

  /// Resets all connections and lets nobody connect any more, as if the server were gone.
  package func refuse() { gate.shut() }

  /// Lets clients connect again, at the same port.
  package func allow() throws(SystemError) { try gate.open() }

  /// Resets all connections; new ones are welcome.
  package func resetAll() { gate.resetAll() }

  // MARK: - What came by

  /// Every request since the start or the last `forget`, in the order in which their heads came.
  package var requests: [ProxiedRequest] { board.requests }

  /// Begins a new list of requests.
  package func forget() { board.forget() }

  /// How many connections there were.
  package var connections: Int { gate.accepted }
}
