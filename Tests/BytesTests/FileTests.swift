import Bytes
import Glibc
import TestKit
import Testing

@Suite("Descriptors, buffers and durable files")
struct FileTests {
  private let folder = TemporaryFolder()

  private func create(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws -> Bool {
    try bytes.withUnsafeBytes { try DurableFile.create(path, $0, mode: mode) }
  }

  @Test("a created file is whole, has its mode, and nothing lies beside it")
  func creates() throws {
    let path = folder.path("object")
    #expect(try create(path, [1, 2, 3], mode: 0o400))
    #expect(try Files.read(path) == [1, 2, 3])
    #expect(Files.names(in: folder.path) == ["object"])
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o400)
  }

  @Test("nothing that exists is replaced: a file, an empty file, a folder, a link to nowhere")
  func neverReplaces() throws {
    for (name, make) in [
      ("file", { try Files.write($0, [9]) }), ("empty", { try Files.write($0, []) }), ("folder", { mkdir($0, 0o700) }),
      ("link", { symlink("/nowhere/at/all", $0) }),
    ] as [(String, (String) throws -> Void)] {
      let path = folder.path(name)
      try make(path)
      #expect(try create(path, [1]) == false, "\(name)")
    }
    #expect(try Files.read(folder.path("file")) == [9])
    #expect(try Files.read(folder.path("empty")) == [])
    #expect(Files.names(in: folder.path) == ["empty", "file", "folder", "link"])
  }

  @Test("a full disk leaves nothing behind")
  func diskFull() throws {
    guard let disk = try SmallDisk(megabytes: 1) else { return }
    let error = #expect(throws: SystemError.self) {
      try create("\(disk.path)/object", [UInt8](repeating: 1, count: 4 << 20))
    }
    #expect(error?.number == ENOSPC)
    #expect(Files.names(in: disk.path) == [])
    #expect(try create("\(disk.path)/object", [1]))
  }

  @Test("replacing changes the whole file in one step")
  func replaces() throws {
    let path = folder.path("state")
    for bytes in [[1, 2, 3], [4], []] as [[UInt8]] {
      try bytes.withUnsafeBytes { try DurableFile.replace(path, $0) }
      #expect(try Files.read(path) == bytes)
    }
    #expect(Files.names(in: folder.path) == ["state"])
  }

  @Test("folders are made with those above them, and making them again is no error")
  func folders() throws {
    let path = folder.path("a/b/c")
    try DurableFile.createFolder(path)
    try DurableFile.createFolder(path)
    #expect(Files.exists(path))
    #expect(throws: SystemError.self) {
      try Files.write(folder.path("file"), [])
      try DurableFile.createFolder(folder.path("file/below"))
    }
  }

  @Test("the folder of a path", arguments: [("a", "."), ("a/b", "a"), ("/a", "/"), ("/a/b", "/a"), ("a/", "a")])
  func folderOf(path: String, expected: String) {
    #expect(DurableFile.folder(of: path) == expected)
  }

  @Test("a file over the limit is refused, one at the limit is read")
  func limit() throws {
    let path = folder.path("file")
    try Files.write(path, [UInt8](repeating: 5, count: 100_000))
    #expect(try DurableFile.read(path, limit: 100_000).count == 100_000)
    let error = #expect(throws: SystemError.self) { try DurableFile.read(path, limit: 99_999) }
    #expect(error?.number == EFBIG)
  }

  @Test("a descriptor is closed on exec, and closed with its owner")
  func descriptor() throws {
    let number: Int32
    do {
      let file = try Descriptor.open("/dev/null", O_RDONLY)
      number = file.number
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
    }
    // Other tests may have reused the number by now, but never for the null device opened like this.
    var status = stat()
    var null = stat()
    #expect(stat("/dev/null", &null) == 0)
    #expect(
      fstat(number, &status) != 0 || status.st_rdev != null.st_rdev || fcntl(number, F_GETFL) & O_ACCMODE != O_RDONLY)
  }

  @Test("reading at an offset gives what there is before the end")
  func readsAt() throws {
    let path = folder.path("file")
    try Files.write(path, Array(0..<10))
    let file = try Descriptor.open(path, O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 6)
    #expect(try bytes.withUnsafeMutableBytes { try file.read(at: 2, into: $0) } == 6)
    #expect(bytes == [2, 3, 4, 5, 6, 7])
    #expect(try bytes.withUnsafeMutableBytes { try file.read(at: 7, into: $0) } == 3)
    #expect(try bytes.withUnsafeMutableBytes { try file.read(at: 10, into: $0) } == 0)
  }

  @Test("an error of the system says what and why")
  func systemError() throws {
    let error = #expect(throws: SystemError.self) { _ = try Descriptor.open(folder.path("missing"), O_RDONLY).number }
    #expect(error?.number == ENOENT)
    #expect(error?.reason == "no such file or directory")
    let failure = try #require(error?.failure(.stateFailed, "cannot open"))
    #expect(failure.description == "cannot open: no such file or directory (\(folder.path("missing")))")
  }

  @Test("a buffer begins as zeros, holds what it is given, and may be empty")
  func buffer() {
    var buffer = Buffer(capacity: 8192)
    #expect(buffer.withCapacity { $0.allSatisfy { $0 == 0 } && $0.count == 8192 })
    [1, 2, 3].withUnsafeBytes { buffer.replace(with: UnsafeRawBufferPointer(rebasing: $0[..<3])) }
    #expect(buffer.count == 3)
    #expect(buffer.withBytes { $0.count } == 3)
    let none = Buffer(capacity: 0)
    #expect(none.withBytes { $0.isEmpty })
  }
}

@Suite("Failures")
struct FailureTests {
  @Test("every failure has an exit status that is an error, and its code a stable spelling")
  func exitStatuses() {
    for code in Failure.Code.allCases {
      #expect((2...10).contains(code.exitStatus) || code.exitStatus == 70)
      #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
    }
  }

  @Test("one line says what, where, and what next")
  func description() {
    let failure = Failure(.damaged, "a blob is damaged", at: "pack 12", next: "Run `lifeboat heal`.")
    #expect(failure.description == "a blob is damaged (pack 12). Run `lifeboat heal`.")
    #expect(failure.within("orders").description == "a blob is damaged (orders: pack 12). Run `lifeboat heal`.")
    #expect(Failure(.busy, "busy").within("orders").description == "busy (orders)")
  }
}
