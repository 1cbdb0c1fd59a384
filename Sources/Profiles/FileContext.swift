import Bytes
import Glibc

/// What reading one file needs and gathers: its place, the environment, the problems, the effective values.
final class FileContext {
  /// The file's path as the person gave it.
  let file: String
  /// The folder that relative paths start from.
  let folder: String
  let environment: (String) -> String?
  let problems: Problems
  private(set) var entries: [ProfileDescription.Entry] = []

  init(file: String, environment: @escaping (String) -> String?) {
    self.file = file
    self.environment = environment
    folder = DurableFile.folder(of: file)
    problems = Problems(file: file)
  }

  /// Puts a value on the effective profile.
  func note(_ key: String, _ value: ProfileDescription.Value, from origin: String) {
    entries.append(ProfileDescription.Entry(key: key, value: value, origin: origin))
  }

  /// A path of the file seen from where the file's own path starts: relative paths begin in the file's folder.
  func resolve(_ path: String) -> String {
    if path.hasPrefix("/") || folder == "." { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }
}

/// The environment of this process.
package func systemEnvironment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
