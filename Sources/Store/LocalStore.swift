package import Bytes
import Glibc
import Synchronization

/// A store in a local folder: one file an object, at the object's path.
///
/// New objects are written beside (`LocalIncoming`), flushed, linked to their path without replacing anything, and
/// the folder is flushed. Folders are walked one by one and links in them never followed, so that nobody who can
/// write somewhere in the tree leads us out of it.
package final class LocalStore: Store {
  /// The folder as it was given, absolute.
  package let root: String
  private let folder: Descriptor
  private let incoming: LocalIncoming
  /// Folders that are durable in the one above; saves a flush with every object.
  private let known = Mutex<Set<String>>([])

  /// Opens a store.
  ///
  /// - Parameters:
  ///   - path: the folder; relative to the working directory, or absolute
  ///   - create: makes the folder if it isn't there; otherwise that throws `storeMissing`
  package init(_ path: String, create: Bool = false) throws(Failure) {
    let root = try LocalStore.absolute(path)
    self.root = root
    do throws(SystemError) {
      if create { try DurableFile.createFolder(root) }
      folder = try Descriptor.open(root, O_RDONLY | O_DIRECTORY)
    } catch {
      if error.number == ENOENT {
        throw Failure(.storeMissing, "no store here", at: root, next: "Check the path, or make a repository there.")
      }
      throw error.storeFailure("cannot open the store", at: root)
    }
    incoming = LocalIncoming(folder.number)
    incoming.removeLeftovers()
  }

  package var description: String { root }

  package var traits: StoreTraits {
    StoreTraits(kind: "local", refusesOverwrites: true, survivesPowerLoss: true, listsConsistently: true)
  }

  package func put(_ path: StorePath, _ bytes: UnsafeRawBufferPointer, digest: Name?) throws(Failure) {
    do throws(SystemError) {
      let file = try incoming.write(bytes)
      let target = try parent(of: path, create: true)
      guard try file.publish(in: target.number, as: path.name) else {
        throw SystemError(call: "link", subject: path.text, number: EEXIST)
      }
      try LocalFolder.flush(target)
    } catch {
      if error.number == EEXIST {
        throw Failure(.storeExists, "the object exists already", at: path.text)
      }
      throw error.storeFailure("cannot store an object", at: "\(root)/\(path)")
    }
  }

  package func read(
    _ path: StorePath, _ range: Range<UInt64>?, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    do throws(SystemError) {
      let file = try open(path)
      // Offsets beyond the end are no error here, but some are to the system.
      let size = try LocalFolder.size(of: file)
      let range = (range ?? 0..<size).clamped(to: 0..<size)
      let count = min(UInt64(range.count), UInt64(buffer.count))
      return try file.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)]))
    } catch {
      throw failure(error, "cannot read an object", path)
    }
  }

  package func size(of path: StorePath) throws(Failure) -> UInt64? {
    do throws(SystemError) {
      let target = try parent(of: path, create: false)
      return LocalFolder.size(of: path.name, in: target.number)
    } catch {
      if error.isAbsence { return nil }
      throw failure(error, "cannot look at an object", path)
    }
  }

  package func delete(_ path: StorePath) throws(Failure) {
    do throws(SystemError) {
      let target = try parent(of: path, create: false)
      _ = try retrying("unlink", path.text) { unlinkat(target.number, path.name, 0) }
    } catch {
      if !error.isAbsence { throw failure(error, "cannot delete an object", path) }
    }
  }

  package func list(_ prefix: String, _ each: (StoredObject) throws(Failure) -> Void) throws(Failure) {
    guard StorePath.isPrefix(prefix) else { throw Failure(.defect, "not a prefix of a path", at: prefix) }
    let components = prefix.split(separator: "/", omittingEmptySubsequences: false)
    let start = components.dropLast().joined(separator: "/")
    let opened: Descriptor
    do throws(SystemError) {
      opened = try walk(components.dropLast(), create: false)
    } catch {
      if error.isAbsence { return }
      throw error.storeFailure("cannot list", at: "\(root)/\(prefix)")
    }
    try list(opened, start, beginning: String(components.last ?? ""), each)
  }

  package func folders(in prefix: String) throws(Failure) -> [String] {
    guard StorePath.isPrefix(prefix), prefix.isEmpty || prefix.hasSuffix("/") else {
      throw Failure(.defect, "not a folder of a store", at: prefix)
    }
    do throws(SystemError) {
      let opened = try walk(prefix.split(separator: "/")[...], create: false)
      var folders: [String] = []
      for name in try LocalFolder.names(in: opened.number) where StorePath(prefix + name) != nil {
        if try isFolder(name, in: opened) { folders.append(name) }
      }
      return folders
    } catch {
      if error.isAbsence { return [] }
      throw error.storeFailure("cannot list", at: "\(root)/\(prefix)")
    }
  }

  /// A folder keeps one version of a file.
  package func findIntact(_ path: StorePath, digest: Name) throws(Failure) -> Bool { false }

  package func freeBytes() throws(Failure) -> UInt64? {
    var status = statvfs()
    let number = folder.number
    do throws(SystemError) {
      _ = try retrying("fstatvfs", root) { fstatvfs(number, &status) }
    } catch {
      throw error.storeFailure("cannot ask for free space", at: root)
    }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  // MARK: - The tree

  /// One folder and those below. Names are taken first, so that no folder is held open while `each` works.
  private func list(
    _ opened: borrowing Descriptor, _ path: String, beginning: String, _ each: (StoredObject) throws(Failure) -> Void
  ) throws(Failure) {
    for name in try names(in: opened, path) where name.hasPrefix(beginning) {
      guard let path = StorePath(path.isEmpty ? name : "\(path)/\(name)") else { continue }
      if let size = LocalFolder.size(of: name, in: opened.number) {
        try each(StoredObject(path: path, size: size))
      } else if let below = try folder(name, in: opened, path) {
        try list(below, path.text, beginning: "", each)
      }
    }
  }

  /// Whether it is a folder, and still there.
  private func isFolder(_ name: String, in opened: borrowing Descriptor) throws(SystemError) -> Bool {
    guard LocalFolder.size(of: name, in: opened.number) == nil else { return false }
    do throws(SystemError) {
      return try LocalFolder.open(name, in: opened.number) != nil
    } catch {
      if error.number == ENOENT { return false }
      throw error
    }
  }

  private func names(in opened: borrowing Descriptor, _ path: String) throws(Failure) -> [String] {
    do throws(SystemError) {
      return try LocalFolder.names(in: opened.number)
    } catch {
      throw error.storeFailure("cannot list", at: "\(root)/\(path)")
    }
  }

  /// Nil if it is no folder, or went away since its name was read.
  private func folder(
    _ name: String, in opened: borrowing Descriptor, _ path: StorePath
  ) throws(Failure) -> Descriptor? {
    do throws(SystemError) {
      return try LocalFolder.open(name, in: opened.number)
    } catch {
      if error.number == ENOENT { return nil }
      throw error.storeFailure("cannot list", at: "\(root)/\(path)")
    }
  }

  private func open(_ path: StorePath) throws(SystemError) -> Descriptor {
    let target = try parent(of: path, create: false)
    let name = path.name
    // Not blocking: a named pipe in the place of an object must not hold us up.
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    return Descriptor(owning: try retrying("open", path.text) { openat(target.number, name, flags) })
  }

  private func parent(of path: StorePath, create: Bool) throws(SystemError) -> Descriptor {
    try walk(path.components.dropLast(), create: create)
  }

  private func walk(_ components: ArraySlice<Substring>, create: Bool) throws(SystemError) -> Descriptor {
    let root = folder.number
    var current = Descriptor(owning: try retrying("fcntl", self.root) { fcntl(root, F_DUPFD_CLOEXEC, 3) })
    var path = ""
    for component in components {
      path += "/\(component)"
      let name = String(component)
      if create { try ensure(name, in: current, path) }
      guard let next = try LocalFolder.open(name, in: current.number) else {
        throw SystemError(call: "open", subject: path, number: ENOTDIR)
      }
      current = next
    }
    return current
  }

  /// Makes a folder durable in the one above, once for each that this process meets: another may have made it a
  /// moment ago and not have flushed it yet.
  private func ensure(_ name: String, in parent: borrowing Descriptor, _ path: String) throws(SystemError) {
    let number = parent.number
    if known.withLock({ $0.contains(path) }), faccessat(number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return }
    if mkdirat(number, name, 0o700) != 0, errno != EEXIST {
      throw SystemError(call: "mkdir", subject: path, number: errno)
    }
    try LocalFolder.flush(parent)
    known.withLock { _ = $0.insert(path) }
  }

  private func failure(_ error: SystemError, _ what: String, _ path: StorePath) -> Failure {
    error.isAbsence
      ? Failure(.storeMissing, "no such object", at: path.text)
      : error.storeFailure(what, at: "\(root)/\(path)")
  }

  private static func absolute(_ path: String) throws(Failure) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw Failure(.usage, "the path of the store is empty") }
    if path.utf8.first == UInt8(ascii: "/") { return path }
    guard let raw = getcwd(nil, 0) else { throw Failure(.usage, "the working directory is gone") }
    defer { free(raw) }
    return "\(String(cString: raw))/\(path)"
  }
}
