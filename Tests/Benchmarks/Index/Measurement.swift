import Bytes
import Cryptography
import Format
import Glibc
import Repository

/// One run: build, open, ask, merge a day.
struct Measurement {
  private static let blobsPerPack = 1000
  private static let packsPerObject = 64

  let settings: Settings
  let path: String
  private let repository = Identifier.random()
  let writer = Identifier.random()
  private let signer = PublicKey(Synthetic.name(1 << 62))
  private let keys = (0..<2).map {
    DirectoryKey(
      kind: $0 == 0 ? .blobKey : .listKey, epoch: 1, id: Synthetic.name((1 << 61) + UInt64($0)), wrap: [])
  }

  init(_ settings: Settings) {
    self.settings = settings
    path = "\(settings.folder)/lifeboat-index-\(Identifier.random().hex)"
  }

  func run() throws {
    let free = freeBytes()
    say("disk: at most \(megabytes(settings.disk)) MB in \(settings.folder), \(megabytes(free)) MB free")
    guard free > settings.disk else { throw Failure(.stateFailed, "not enough room", at: settings.folder) }
    defer { removeAll() }
    say("blobs: \(settings.blobs), \(settings.deltas) % of them deltas, \(packs(settings.blobs)) packs")
    try timed("build") {
      var fold = try open()
      try add(0..<settings.blobs, to: &fold)
      _ = try fold.finish(state)
    }
    say("  \(megabytes(size())) MB, \(size() / UInt64(max(settings.blobs, 1))) bytes a blob")
    var index: BlobIndex?
    try timed("open") {
      var fold = try open()
      index = try fold.finish(state)
    }
    if let index { try ask(index, settings.blobs) }
    index = nil
    try timed("merge a day of \(settings.day) blobs") {
      var fold = try open()
      try add(settings.blobs..<(settings.blobs + settings.day), to: &fold)
      index = try fold.finish(state)
    }
    if let index { try ask(index, settings.blobs + settings.day) }
    say("most memory: \(memory("VmHWM")) MB resident")
  }

  private func open() throws(Failure) -> IndexFold {
    try IndexFold(try IndexFolder(path, repository: repository, writer: writer)) { _, _ in true }
  }

  private var state: (Name) -> PackState {
    { _ in PackState(listedSize: 16 << 20, isTombstoned: false) }
  }

  private func packs(_ blobs: Int) -> Int { (blobs + Measurement.blobsPerPack - 1) / Measurement.blobsPerPack }

  /// Adds index objects of 64 packs of 1000 blobs.
  private func add(_ blobs: Range<Int>, to fold: inout IndexFold) throws {
    var most = 0
    let step = Measurement.blobsPerPack * Measurement.packsPerObject
    for start in stride(from: blobs.lowerBound, to: blobs.upperBound, by: step) {
      let end = min(start + step, blobs.upperBound)
      let packs = stride(from: start, to: end, by: Measurement.blobsPerPack).map {
        pack($0..<min($0 + Measurement.blobsPerPack, end))
      }
      let history = IndexHistory(installation: writer, sequence: UInt64(start), parents: [])
      try fold.add(
        IndexShard(history: history, packs: packs), Synthetic.name((1 << 60) + UInt64(start)), signer: signer)
      most = max(most, memory("RssAnon"))
    }
    say("  anonymous memory while blobs are added: at most \(most) MB")
  }

  private func pack(_ blobs: Range<Int>) -> IndexedPack {
    let entries = blobs.enumerated().map { place, number in
      let isDelta = number % 100 < settings.deltas
      return DirectoryEntry(
        name: Synthetic.name(UInt64(number)), kind: .data, flags: isDelta ? [.zstd, .delta] : .zstd,
        depth: isDelta ? 1 : 0, key: 0, plainLength: 262_144, sealedLength: 12_000, offset: UInt32(place * 12_000),
        base: isDelta ? Synthetic.name(UInt64(number) + (1 << 50)) : .zero)
    }
    let name = Synthetic.name((1 << 59) + UInt64(blobs.lowerBound))
    return IndexedPack(
      name: name, size: 16 << 20,
      directory: PackDirectory(regionLength: 15 << 20, regionDigest: name, keys: keys, entries: entries))
  }

  /// Asks in random order, every second time for a blob that is not there; the first pass warms the page cache.
  private func ask(_ index: BlobIndex, _ blobs: Int) throws {
    let questions = (0..<UInt64(settings.lookups)).map { draw in
      let number = Synthetic.name((1 << 58) + draw).prefix % UInt64(blobs)
      return draw % 2 == 0 ? number : number + (1 << 50)
    }
    for pass in ["first pass", "second pass"] {
      var wrong = 0
      let start = now()
      let worked = now(CLOCK_THREAD_CPUTIME_ID)
      for number in questions {
        let location = index.usable(Synthetic.name(number), epoch: 1)
        let isThere = number < UInt64(blobs)
        if (location != nil) != isThere { wrong += 1 }
      }
      let rate = Double(questions.count) / (now() - start)
      let coreRate = Double(questions.count) / (now(CLOCK_THREAD_CPUTIME_ID) - worked)
      say(
        "  \(Int(coreRate)) look-ups a second of one core, \(Int(rate)) a second by the clock (\(pass)); "
          + "\(wrong) wrong answers")
      guard wrong == 0 else { throw Failure(.defect, "wrong answers") }
    }
    try index.checkSound()
    say("  anonymous memory: \(memory("RssAnon")) MB")
  }
}

extension Measurement {
  func megabytes(_ bytes: UInt64) -> UInt64 { bytes >> 20 }

  private var files: [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(writer.hex) { names.append("\(path)/\(name)") }
    }
    return names
  }

  /// Bytes of all tables.
  func size() -> UInt64 {
    files.reduce(0) { total, file in
      var status = stat()
      return lstat(file, &status) == 0 ? total + UInt64(status.st_size) : total
    }
  }

  func removeAll() {
    for file in files { unlink(file) }
    rmdir(path)
  }

  func freeBytes() -> UInt64 {
    var status = statvfs()
    return statvfs(settings.folder, &status) == 0 ? UInt64(status.f_bavail) * UInt64(status.f_frsize) : 0
  }
}
