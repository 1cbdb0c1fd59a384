import Glibc

/// What a directory source leaves out. A glob without `/` is matched against the last name of a path at any depth; one
/// with `/` against the whole path from the source's folder, where `*` and `?` don't match a `/` unless the glob holds
/// `**`. A `/` at the end means folders only; one at the start anchors the glob and is otherwise ignored.
struct Exclusion: Sendable {
  private struct Glob {
    let pattern: [CChar]
    let isPath: Bool
    let flags: Int32
    let foldersOnly: Bool
  }

  private let globs: [Glob]

  init(_ patterns: [String]) {
    globs = patterns.map { text in
      let foldersOnly = text.hasSuffix("/")
      var body = foldersOnly ? String(text.dropLast()) : text
      let isPath = body.contains("/")
      if body.hasPrefix("/") { body.removeFirst() }
      return Glob(
        pattern: body.utf8.map { CChar(bitPattern: $0) } + [0], isPath: isPath,
        flags: body.contains("**") ? 0 : FNM_PATHNAME, foldersOnly: foldersOnly)
    }
  }

  /// Whether the path, whose last name is `name`, is left out.
  func matches(path: [UInt8], name: [UInt8], isFolder: Bool) -> Bool {
    if globs.isEmpty { return false }
    let path = path.map { CChar(bitPattern: $0) } + [0]
    let name = name.map { CChar(bitPattern: $0) } + [0]
    return globs.contains { glob in
      (isFolder || !glob.foldersOnly) && fnmatch(glob.pattern, glob.isPath ? path : name, glob.flags) == 0
    }
  }
}
