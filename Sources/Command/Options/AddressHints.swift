import Bytes
import Format
import Glibc
import Profiles

/// What a profile or drill says of its repository.
struct AddressHints {
  let repository: String
  let store: StoreSettings
  let copies: [CopySettings]
  let keys: KeyFiles
  let passphrase: SecretReference?

  init(_ profile: Profile) {
    repository = profile.repository
    store = profile.store
    copies = profile.copies
    keys = profile.keys
    passphrase = profile.passphrase
  }

  init(_ drill: Drill) {
    repository = drill.repository
    store = drill.store
    copies = drill.copies
    keys = drill.keys
    passphrase = drill.passphrase
  }

  /// The first key file of these roles that is there; otherwise the first that is named at all, so that opening it
  /// says what is wrong: that it is missing, or of the wrong role.
  func key(for roles: [Role]) -> String? {
    let wanted = roles.compactMap { path(of: $0) }
    return wanted.first { access($0, R_OK) == 0 } ?? wanted.first ?? Role.allCases.compactMap { path(of: $0) }.first
  }

  private func path(of role: Role) -> String? {
    switch role {
    case .writer: keys.writer
    case .keeper: keys.keeper
    case .restorer: keys.restorer
    }
  }
}
