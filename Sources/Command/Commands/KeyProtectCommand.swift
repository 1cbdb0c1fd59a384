import ArgumentParser
import Bytes
import Cryptography
import Format
import Profiles

/// `lifeboat key protect`: a passphrase for a key file, another one, or none any more.
///
/// JSON: one `key` with `role`, `path`, `protected`.
struct KeyProtectCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "protect", abstract: "Protect a key file with a passphrase, change it, or take it off.",
    discussion: """
      The file becomes an ordinary age file, which the age command opens, too. What was there before may still lie in \
      free blocks and backups of the disk.
      """)

  @Argument(help: "The key file.", completion: .file())
  var file: String

  @Flag(help: "Take the passphrase off.")
  var remove = false

  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var protection: NewPassphraseOptions
  @OptionGroup var output: OutputOptions

  var promisesOutput: Bool { false }

  func run(in context: RunContext) throws(Failure) {
    guard !remove || !protection.isWanted else {
      throw Failure(
        .usage, "--remove does not go together with a new passphrase", at: "command line",
        next: "Leave one of them out.")
    }
    let reader = PassphraseReader(reference: passphrase.reference(in: context), stop: context.stop)
    let (text, wasProtected) = try KeyFileStorage.unlock(file, reader)
    let role: Role
    do throws(Failure) {
      role = try KeyFileStorage.key(of: text).role
    } catch {
      throw error.within("key file \(file)")
    }
    let fresh = remove ? nil : try protection.source(in: context).fetch()
    if fresh != nil || wasProtected { try KeyFileStorage.replace(text, at: file, protectedBy: fresh) }
    let state = fresh == nil ? "not protected by a passphrase" : "protected by a passphrase"
    context.say(
      Statement(
        "key", [("role", .text(role.rawValue)), ("path", .text(file)), ("protected", .truth(fresh != nil))],
        ["\(file): \(state)"]))
  }
}
