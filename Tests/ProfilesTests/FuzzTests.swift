import Bytes
import Profiles
import Testing

/// A small generator with a fixed start, so that a failure can be repeated.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

@Suite("A mangled file")
struct FuzzTests {
  private static func read(_ bytes: [UInt8]) -> Failure.Code? {
    do {
      readAgain(try Profile.parse(bytes, file: "p.yaml", folders: []) { _ in "v" })
    } catch {
      let lines = error.what.split(separator: "\n")
      #expect(error.code == .profileInvalid && !lines.isEmpty && lines.allSatisfy { $0.hasPrefix("p.yaml:") })
    }
    do {
      _ = try Drill.parse(bytes, file: "p.yaml") { _ in "v" }
    } catch { return error.code }
    return nil
  }

  /// What is read whole means the same when it comes back from a snapshot.
  private static func readAgain(_ profile: Profile) {
    func values(_ profile: Profile) -> [String] {
      profile.description.entries.filter { $0.key != "extends" && $0.value != .text("(set)") }
        .map { "\($0.key)=\($0.value.text)" }.sorted()
    }
    let yaml = SavedProfile(profile.description.tree)?.yaml ?? ""
    do {
      let again = try Profile.parse(Array(yaml.utf8), file: "/elsewhere/p.yaml", folders: []) { _ in "v" }
      #expect(values(again) == values(profile))
    } catch {
      Issue.record("a saved profile is not read: \(error.what)\n\(yaml)")
    }
  }

  @Test(
    "that ends at any byte is read or refused",
    arguments: [Samples.sqlite, Samples.command, Samples.database, Samples.drill])
  func truncated(text: String) {
    let bytes = Array(text.utf8)
    for count in 0...bytes.count { _ = Self.read(Array(bytes.prefix(count))) }
  }

  @Test(
    "with random changes is read or refused, never the end of the process",
    arguments: [Samples.sqlite, Samples.command, Samples.database, Samples.drill])
  func mutated(text: String) {
    var generator = Generator(state: 42)
    let alphabet = Array("{}[]:,-?&*!|>'\"%@`#~ \n\r\t\0$<=0aé\u{2028}\u{feff}\u{e000}".utf8)
    var refused = 0
    for _ in 0..<1_500 {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        case 2: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)], at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator)))
        default:
          let other = Int.random(in: 0..<bytes.count, using: &generator)
          bytes.insert(contentsOf: bytes[min(place, other)..<min(bytes.count, min(place, other) + 30)], at: place)
        }
        if bytes.isEmpty { bytes = [0x0a] }
      }
      if Self.read(bytes) != nil { refused += 1 }
    }
    #expect(refused > 400)
  }
}
