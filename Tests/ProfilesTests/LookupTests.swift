import Bytes
import Glibc
import Profiles
import Testing

@Suite("Looking a profile up")
struct LookupTests {
  @Test("takes the first folder that has it, and paths as they are")
  func finds() throws {
    let root = "/tmp/lifeboat-lookup-\(Identifier.random().hex)"
    let folders = ["\(root)/a", "\(root)/b"]
    let files = [
      "\(root)/b/orders.yaml", "\(root)/a/ledger.yaml", "\(root)/b/ledger.yaml", "\(root)/a/Not A Name.yaml",
    ]
    for folder in folders { try DurableFile.createFolder(folder) }
    for file in files { try [UInt8](repeating: 0, count: 1).withUnsafeBytes { _ = try DurableFile.create(file, $0) } }
    defer {
      files.forEach { unlink($0) }
      folders.forEach { rmdir($0) }
      rmdir(root)
    }
    #expect(try Lookup.profile("orders", in: folders) == "\(root)/b/orders.yaml")
    #expect(try Lookup.profile("ledger", in: folders) == "\(root)/a/ledger.yaml")
    #expect(try Lookup.profile("\(root)/b/ledger.yaml", in: folders) == "\(root)/b/ledger.yaml")
    #expect(Lookup.names(in: folders) == ["ledger", "orders"])
    let failure = #expect(throws: Failure.self) { try Lookup.profile("order", in: folders) }
    #expect(failure?.code == .usage)
    #expect(failure?.next == "Did you mean orders?")
    #expect(throws: Failure.self) { try Lookup.profile("nowhere/x.yaml", in: folders) }
    #expect(throws: Failure.self) { try Lookup.profile("Not A Name", in: folders) }
    #expect(throws: Failure.self) { try Lookup.drill("x", in: ["/nowhere"]) }
  }
}
