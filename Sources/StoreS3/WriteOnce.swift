import Store
import Synchronization

/// What is known of a store's way with puts to a path that exists, and what follows from it.
///
/// Every put asks for `If-None-Match: *`, and stores that honour it need nothing else. Others ignore the header; there
/// an object is looked for before it is put, at the price of a request, and two who put one path at the same time both
/// succeed. As long as it is not known, only paths that do not name their bytes are looked for: of those that do, what
/// is there can have no other bytes. It gets known by the table of quirks, by the first 412, or by putting the first
/// small object twice, where no versions are kept.
final class WriteOnce: Sendable {
  private struct State {
    var known: S3WriteOnce
    /// The store refuses requests with the header.
    var isRefused = false
    var probes = 0
  }

  /// A probe sends its object again: only where that costs next to nothing.
  private static let smallObject = 1 << 14
  /// Probes that came to nothing, through faults on the way, are not repeated for ever.
  private static let mostProbes = 2

  private let state: Mutex<State>

  init(_ known: S3WriteOnce) { state = Mutex(State(known: known)) }

  /// Whether puts carry the header.
  var asks: Bool { state.withLock { !$0.isRefused } }

  /// Whether the store is known to refuse replacing.
  func isHonoured(_ quirks: S3Quirks) -> Bool { known(quirks) == .honoured }

  /// Whether to look for an object before putting it.
  func looksFirst(_ namesItself: Bool, _ quirks: S3Quirks) -> Bool {
    switch known(quirks) {
    case .honoured: false
    case .ignored: true
    case .unknown: !namesItself
    }
  }

  /// Whether an object that has just been put is to be put again to see what the store does. Claims the probe.
  func mayProbe(_ count: Int, _ quirks: S3Quirks) -> Bool {
    guard count <= WriteOnce.smallObject, known(quirks) == .unknown else { return false }
    return state.withLock { state in
      guard state.probes < WriteOnce.mostProbes else { return false }
      state.probes += 1
      return true
    }
  }

  /// Takes in what a probe or an answer showed. A 412 is a proof and stays; an object that was replaced may have gone in
  /// between.
  func learn(_ known: S3WriteOnce) {
    state.withLock { if $0.known != .honoured { $0.known = known } }
  }

  /// The store does not take the header at all.
  func learnRefusal() {
    state.withLock { state in
      state.known = .ignored
      state.isRefused = true
    }
  }

  /// Whether a refusal is one of the header.
  static func isUnknownHeader(_ answer: S3Answer) -> Bool {
    if answer.status == 501 { return true }
    let error = answer.error
    guard answer.status == 400, ["InvalidArgument", "InvalidRequest", "NotImplemented"].contains(error.code) else {
      return false
    }
    return error.code == "NotImplemented" || error.message.lowercased().contains("if-none-match")
  }

  private func known(_ quirks: S3Quirks) -> S3WriteOnce {
    let known = state.withLock { $0.known }
    return known == .unknown ? quirks.writeOnce : known
  }
}
