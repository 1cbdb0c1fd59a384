import Bytes
import Glibc

/// What reading one file needs and gathers: its place, the environment, the problems, the effective values.
/// Paths count from the folder of the file that they stand in, which may be one that this file extends.
final class FileContext {
  /// The file's path as the person gave it.
  let file: String
  let environment: (String) -> String?
  /// Where files that this one extends are looked up by their names.
  let folders: [String]
  /// Whether keys that must be there may be missing: they are left to a file that extends this one, or stand in one
  /// that could not be read.
  private(set) var mayLackKeys: Bool
  let problems: Problems
  private(set) var entries: [ProfileDescription.Entry] = []

  init(
    file: String, environment: @escaping (String) -> String?, folders: [String] = Lookup.profileFolders,
    isBase: Bool = false
  ) {
    self.file = file
    self.environment = environment
    self.folders = folders
    mayLackKeys = isBase
    problems = Problems(file: file)
  }

  /// Notes that a file that this one extends could not be read.
  func noteUnreadBase() { mayLackKeys = true }

  /// Puts a value on the effective profile.
  func note(_ key: String, _ value: ProfileDescription.Value, from origin: String) {
    entries.append(ProfileDescription.Entry(key: key, value: value, origin: origin))
  }

  /// A path that stands in the file of `mark`, seen from where that file's own path starts.
  func resolve(_ path: String, at mark: YAMLMark) -> String {
    let folder = DurableFile.folder(of: mark.file ?? file)
    if path.hasPrefix("/") || folder == "." { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }
}

extension FileContext {
  /// A path as it is still right elsewhere: on the effective profile, which outlives the folder a run was started in.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    let folder = String(cString: current)
    return folder == "/" ? "/\(path)" : "\(folder)/\(path)"
  }
}

/// The environment of this process.
package func systemEnvironment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
