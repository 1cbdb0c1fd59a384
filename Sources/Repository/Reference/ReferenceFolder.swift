import Bytes
import Cryptography
import Format
import Glibc
import Store
import Synchronization

/// The reference cache of one component on one host: the chunks of its recent dumps, compressed and sealed.
///
/// `register` names the generations that count; each has a roll (its chunks in order) and a file of frames (those
/// that the generations before did not have). Everything is disposable, and nothing is flushed: what a crash or a
/// power loss leaves behind either opens under its seal or is not used. Only a run that holds the component's lock
/// may open a folder.
final class ReferenceFolder: Sendable {
  /// A dump that later ones can build on.
  struct Generation: Sendable, Equatable {
    let number: UInt32
    /// The generation that it built on; zero for none.
    let base: UInt32
    /// The generations whose frames its chunks need.
    let files: [UInt32]
  }

  /// What the cache was made for: when any of it changes, nothing in it may be used.
  struct Origin: Sendable, Equatable {
    let writer: Identifier
    let epoch: UInt32
    let chunking: [Int]
  }

  let path: String
  let key: SessionKey
  private let salt: Identifier
  private let origin: Origin
  /// In order of their numbers.
  let generations: [Generation]
  private let open = Mutex<[UInt32: OpenFile]>([:])

  private final class OpenFile: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  /// Opens the folder, made if it isn't there, and removes what does not count.
  ///
  /// - Parameters:
  ///   - content: the writer's content secret; with the folder's salt it gives the key, so that the cache opens for
  ///     who has both this folder and the key file, and for nobody once the folder is gone
  init(_ path: String, origin: Origin, content: Secret) throws(SystemError) {
    self.path = path
    self.origin = origin
    try DurableFile.createFolder(path)
    let found = ReferenceFolder.register(in: path, origin: origin)
    salt = found?.salt ?? Identifier.random()
    generations = found?.generations ?? []
    let secret = KeyDerivation.derive(from: content, label: "reference cache \(salt.hex)")
    do throws(Failure) {
      key = try SessionKey(secret)
    } catch {
      fatalError("a derived key of the wrong length")
    }
    ReferenceFolder.clean(path, keeping: generations)
  }

  /// Reads a part of a file of frames; returns how many bytes there were.
  func read(_ place: FramePlace, into target: UnsafeMutableRawBufferPointer) -> Int {
    let file = open.withLock { open -> OpenFile? in
      if let file = open[place.file] { return file }
      guard let descriptor = try? Descriptor.open(framesPath(place.file), O_RDONLY | O_NOFOLLOW) else { return nil }
      let file = OpenFile(descriptor)
      open[place.file] = file
      return file
    }
    return (try? file?.descriptor.read(at: place.offset, into: target)) ?? 0
  }

  func rollPath(_ number: UInt32) -> String { "\(path)/roll-\(number)" }
  func framesPath(_ number: UInt32) -> String { "\(path)/frames-\(number)" }

  /// Bytes of all files in the folder.
  var size: UInt64 {
    let names = (try? LocalFolder.names(of: path)) ?? []
    return names.reduce(0) { $0 + ReferenceFolder.size("\(path)/\($1)") }
  }

  /// Bytes that the file system can spare for the cache: it must not take the room that the rest of the state needs.
  var room: UInt64 {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return 0 }
    let unit = UInt64(status.f_frsize)
    let free = UInt64(status.f_bavail) * unit
    let reserve = max(UInt64(status.f_blocks) * unit / 20, 64 << 20)
    return free > reserve ? free - reserve : 0
  }

  /// Makes the written generation count, together with those that a later one can build on, and removes the rest.
  func promote(_ new: Generation) throws(SystemError) {
    var kept = [new]
    var base = new.base
    while let next = generations.first(where: { $0.number == base && base > 0 }) {
      kept.insert(next, at: 0)
      base = next.base
    }
    for path in [framesPath(new.number), rollPath(new.number)] {
      _ = try retrying("rename", path) { rename("\(path).part", path) }
    }
    var lines = [ReferenceFolder.firstLine(salt, origin)]
    for one in kept {
      lines.append("\(one.number) \(one.base) \(one.files.sorted().map(String.init).joined(separator: ","))")
    }
    try Array((lines.joined(separator: "\n") + "\n").utf8).withUnsafeBufferPointer { (bytes) throws(SystemError) in
      try DurableFile.replace("\(path)/register", UnsafeRawBufferPointer(bytes))
    }
    ReferenceFolder.clean(path, keeping: kept)
  }

  static func size(_ path: String) -> UInt64 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_size) : 0
  }

  /// Removes every file that no generation needs.
  private static func clean(_ path: String, keeping generations: [Generation]) {
    var wanted: Set<String> = ["register"]
    for one in generations { wanted.insert("roll-\(one.number)") }
    for number in generations.flatMap(\.files) { wanted.insert("frames-\(number)") }
    for name in (try? LocalFolder.names(of: path)) ?? [] where !wanted.contains(name) { unlink("\(path)/\(name)") }
  }

  private static func firstLine(_ salt: Identifier, _ origin: Origin) -> String {
    let chunking = origin.chunking.map(String.init).joined(separator: "/")
    return "lifeboat-reference-1 \(salt.hex) \(origin.writer.hex) \(origin.epoch) \(chunking)"
  }

  private static func register(in path: String, origin: Origin) -> (salt: Identifier, generations: [Generation])? {
    guard let bytes = try? DurableFile.read("\(path)/register", limit: 1 << 20) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard let first = lines.first,
      let salt = first.split(separator: " ").dropFirst().first.flatMap({ Identifier(hex: String($0)) }),
      first == firstLine(salt, origin)
    else { return nil }
    var generations: [Generation] = []
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 3, let number = UInt32(words[0]), let base = UInt32(words[1]),
        base < number, number > generations.last?.number ?? 0
      else { return nil }
      generations.append(
        Generation(number: number, base: base, files: words[2].split(separator: ",").compactMap { UInt32($0) }))
    }
    return (salt, generations)
  }
}
