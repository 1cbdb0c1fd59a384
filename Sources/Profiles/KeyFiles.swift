/// Where the key files of the three roles lie; a host has only those it needs.
package struct KeyFiles: Sendable, Equatable {
  /// Seals and signs backups.
  package var writer: String?
  /// Restores and drills.
  package var restorer: String?
  /// Lists, checks and prunes.
  package var keeper: String?

  package init(writer: String? = nil, restorer: String? = nil, keeper: String? = nil) {
    self.writer = writer
    self.restorer = restorer
    self.keeper = keeper
  }

  init(_ section: Section) {
    writer = section.field("writer", "the key file that seals and signs backups")?.path()
    restorer = section.field("restorer", "the key file that restores and drills")?.path()
    keeper = section.field("keeper", "the key file that lists, checks and prunes")?.path()
    section.end()
  }
}
