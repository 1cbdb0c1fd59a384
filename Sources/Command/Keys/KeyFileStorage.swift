import Bytes
import Cryptography
import Format
import Glibc

/// Key files on a disk: plain text, or the same text as an armored age file that a passphrase opens.
enum KeyFileStorage {
  /// No key file is longer.
  private static let limit = 1 << 20

  /// Reads and unlocks a key file.
  ///
  /// - Throws: `keyInvalid` if it can't be read or is none, `keyWrongPassphrase`.
  static func read(_ path: String, _ passphrase: PassphraseReader) throws(Failure) -> KeyFile {
    let text = try unlock(path, passphrase).text
    do throws(Failure) {
      return try key(of: text)
    } catch {
      throw error.within("key file \(path)")
    }
  }

  /// The text of a key file, and whether a passphrase protected it.
  static func unlock(
    _ path: String, _ passphrase: PassphraseReader
  ) throws(Failure) -> (text: Secret, wasProtected: Bool) {
    var bytes: [UInt8]
    do throws(SystemError) {
      bytes = try DurableFile.read(path, limit: limit)
    } catch {
      throw Failure(
        .keyInvalid, "the key file cannot be read: \(error.reason)", at: "key file \(path)",
        next: "Check the path and who may read it.")
    }
    defer { Sodium.wipe(&bytes) }
    guard Age.isSealed(bytes) else { return (Secret(copying: bytes), false) }
    let sealed: [UInt8]
    do throws(Failure) {
      sealed = try Age.binary(bytes)
    } catch {
      throw error.within("key file \(path)")
    }
    return (try passphrase.open(sealed, at: path), true)
  }

  /// The key that a text spells.
  static func key(of text: Secret) throws(Failure) -> KeyFile {
    let outcome = text.withBytes { bytes in
      var copy = Array(bytes)
      defer { Sodium.wipe(&copy) }
      return Result { () throws(Failure) in try KeyFile(text: copy) }
    }
    return try outcome.get()
  }

  /// Writes a new key file, for its owner alone, safe against a power loss. Never replaces one.
  static func create(_ key: KeyFile, at path: String, protectedBy passphrase: Secret?) throws(Failure) {
    var text = key.text
    defer { Sodium.wipe(&text) }
    let isNew = try write(text, protectedBy: passphrase, at: path) { (bytes) throws(SystemError) in
      try DurableFile.create(path, bytes)
    }
    guard isNew else { throw exists(path) }
  }

  /// Puts a key file's text in the place of what is there, in one step.
  static func replace(_ text: Secret, at path: String, protectedBy passphrase: Secret?) throws(Failure) {
    var copy = text.withBytes { Array($0) }
    defer { Sodium.wipe(&copy) }
    _ = try write(copy, protectedBy: passphrase, at: path) { (bytes) throws(SystemError) in
      try DurableFile.replace(path, bytes)
      return true
    }
  }

  /// Refuses a place where something lies already.
  static func checkFree(_ path: String) throws(Failure) {
    var status = stat()
    if lstat(path, &status) == 0 { throw exists(path) }
  }

  private static func write(
    _ text: [UInt8], protectedBy passphrase: Secret?, at path: String,
    _ store: (UnsafeRawBufferPointer) throws(SystemError) -> Bool
  ) throws(Failure) -> Bool {
    let sealed = try passphrase.map { (secret) throws(Failure) in
      Age.armor(try Age.seal(text, to: [.passphrase(secret)]))
    }
    let outcome = (sealed ?? text).withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try store(bytes) }
    }
    do {
      return try outcome.get()
    } catch {
      let isFull = error.number == ENOSPC || error.number == EDQUOT
      throw Failure(
        isFull ? .targetFull : .targetRefused, "the key file cannot be written: \(error.reason)", at: path,
        next: "Choose a folder of yours with free space.")
    }
  }

  private static func exists(_ path: String) -> Failure {
    Failure(
      .targetRefused, "there is a file already, and key files are never replaced", at: path,
      next: "Choose another place; remove the file only if you know that no repository needs it.")
  }
}
