package import Bytes
import Glibc

/// Finds profile and drill files by name.
package enum Lookup {
  /// The folders that are searched for profiles, in order.
  package static let profileFolders = ["profiles", "/etc/lifeboat/profiles"]
  /// The folders that are searched for drills, in order.
  package static let drillFolders = ["drills", "/etc/lifeboat/drills"]

  /// The profile file that a person means by `word`: a path where it holds a `/` or ends with `.yaml` or `.yml`,
  /// otherwise `word.yaml` in the first of `folders` that has it. Throws `usage` if there is none.
  package static func profile(_ word: String, in folders: [String] = profileFolders) throws(Failure) -> String {
    try find(word, "profile", folders)
  }

  /// The drill file that a person means by `word`; found like a profile.
  package static func drill(_ word: String, in folders: [String] = drillFolders) throws(Failure) -> String {
    try find(word, "drill", folders)
  }

  /// The names that can be looked up in `folders`, sorted, each once.
  package static func names(in folders: [String]) -> [String] {
    var names: Set<String> = []
    for folder in folders {
      guard let stream = opendir(folder) else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let length = Int(entry.pointee.d_reclen) - (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix(min(length, bytes.count)).prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasSuffix(".yaml"), Words.isIdentifier(String(name.dropLast(5))) {
          names.insert(String(name.dropLast(5)))
        }
      }
    }
    return names.sorted()
  }

  /// Whether a word means a file by its path and not by its name.
  package static func isPath(_ word: String) -> Bool {
    word.contains("/") || word.hasSuffix(".yaml") || word.hasSuffix(".yml")
  }

  private static func find(_ word: String, _ noun: String, _ folders: [String]) throws(Failure) -> String {
    if isPath(word) {
      guard access(word, F_OK) == 0 else {
        throw Failure(.usage, "there is no such \(noun) file", at: word, next: "Check the path.")
      }
      return word
    }
    guard Words.isIdentifier(word) else {
      throw Failure(
        .usage, "\(JSONText.text(word).encoded) is not the name of a \(noun)",
        next: "Names have 1 to 64 letters a-z, digits and -; a path has a / or ends with .yaml.")
    }
    for folder in folders where access("\(folder)/\(word).yaml", F_OK) == 0 { return "\(folder)/\(word).yaml" }
    let known = names(in: folders)
    let advice = known.isEmpty ? "There is none in these folders" : NearestKey.advice(for: word, among: known)
    throw Failure(
      .usage, "no \(noun) \(word)", at: folders.joined(separator: ", "),
      next:
        "\(advice.prefix(1).uppercased())\(advice.dropFirst())\(known.isEmpty ? "; write one, or give its path." : "")")
  }
}
