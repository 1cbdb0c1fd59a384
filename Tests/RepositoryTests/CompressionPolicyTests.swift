import Repository
import Testing

@Suite("The compression level of a run")
struct CompressionPolicyTests {
  private func levels(_ policy: CompressionPolicy, _ states: [CompressionPolicy.PutState]) -> [Int32] {
    states.map { state in
      policy.note(state)
      return policy.level
    }
  }

  @Test("begins fast, and stays so while the store keeps up")
  func fast() {
    let policy = CompressionPolicy()
    #expect(policy.level == 1)
    #expect(levels(policy, [.idle, .idle, .even, .idle, .even, .even]) == [1, 1, 1, 1, 1, 1])
  }

  @Test("climbs the ladder while packs wait for a put, and stays on its last rung")
  func climbs() {
    #expect(levels(CompressionPolicy(), Array(repeating: .behind, count: 6)) == [1, 4, 6, 9, 9, 9].dropFirst() + [9])
  }

  @Test("comes down a rung for two idle packs in a row, down to the first")
  func descends() {
    let policy = CompressionPolicy()
    _ = levels(policy, [.behind, .behind, .behind])
    #expect(levels(policy, [.idle, .even, .idle, .behind, .idle]) == [9, 9, 9, 9, 9])
    #expect(levels(policy, [.idle, .idle, .idle, .idle, .idle, .idle, .idle]) == [6, 6, 4, 4, 1, 1, 1])
    #expect(levels(policy, [.behind, .even, .even]) == [4, 4, 4])
  }

  @Test("is what was asked for, whatever the store does")
  func fixed() {
    let policy = CompressionPolicy(fixed: 7)
    #expect(levels(policy, [.behind, .behind, .idle, .idle, .idle]) == [7, 7, 7, 7, 7])
  }

  @Test("has a ladder that rises")
  func ladder() {
    #expect(CompressionPolicy.ladder == CompressionPolicy.ladder.sorted())
    #expect(Set(CompressionPolicy.ladder).count == CompressionPolicy.ladder.count)
  }
}
