import Bytes
import Profiles

/// A component as people name it: by its name, which may have a profile, or by the path of its profile.
struct NamedComponent {
  /// Nil where nothing was named.
  let name: String?
  private let profile: Profile?

  /// - Throws: what is wrong with a profile that is named by its path.
  init(_ word: String?) throws(Failure) {
    let isPath = word.map { $0.contains("/") || $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") } ?? false
    profile = isPath ? try Profile.load(try Lookup.profile(word ?? "")) : nil
    name = profile?.component ?? word
  }

  /// What its profile says of the repository; nil where it has none.
  func hints() throws(Failure) -> AddressHints? { try profileIfAny().map { AddressHints($0) } }

  /// What its profile says of time and space; nothing where it has none.
  func tuning() throws(Failure) -> Tuning { try profileIfAny()?.tuning ?? Tuning() }

  /// Its profile; nil where it has none.
  func described() throws(Failure) -> Profile? { try profileIfAny() }

  private func profileIfAny() throws(Failure) -> Profile? {
    if let profile { return profile }
    guard let name, let path = try? Lookup.profile(name) else { return nil }
    return try Profile.load(path)
  }
}
