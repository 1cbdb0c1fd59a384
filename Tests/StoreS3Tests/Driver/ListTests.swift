import Bytes
import Store
import StoreS3
import TestKit
import Testing

@Suite("Listing objects")
struct ListTests {
  private static func page(_ keys: [String], prefixes: [String] = [], next: String? = nil) -> ScriptedServer.Reply {
    let contents = keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }
    let folders = prefixes.map { "<CommonPrefixes><Prefix>\($0)</Prefix></CommonPrefixes>" }
    let end = next.map { "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
    return .status(200, [], "<ListBucketResult>\((contents + folders).joined())\(end)</ListBucketResult>")
  }

  @Test("pages follow each other by their marks, however odd")
  func pages() throws {
    let run = try ScriptedStore { request in
      switch request.query("continuation-token") {
      case nil: Self.page(["pre/fix/p/a"], next: "l/7 +é&amp;=%41")
      case "l%2F7%20%2B%C3%A9%26%3D%2541": Self.page([], next: "pre/fix/p/b")
      default: Self.page(["pre/fix/p/c"])
      }
    }
    #expect(try run.store.list("p/").map(\.path.text) == ["p/a", "p/c"])
    #expect(run.server.requests.count == 3)
    for request in run.server.requests {
      #expect(request.query("prefix") == "pre%2Ffix%2Fp%2F")
      #expect(request.query("list-type") == "2")
      #expect(request.target.hasPrefix("/bucket?"))
    }
  }

  @Test("what was not put by us is passed over")
  func strangers() throws {
    let run = try ScriptedStore { _ in
      Self.page([
        "pre/fix/p/a", "pre/fix/p/", "pre/fix/p//b", "pre/fix/p/.hidden", "pre/fix/p/c d", "pre/fix/p/é", "pre/fix/q",
        "pre/fixed/p/e", "elsewhere", "pre/fix/p/f",
      ])
    }
    #expect(try run.store.list("p/").map(\.path.text) == ["p/a", "p/f"])
  }

  @Test("folders come without what is in them")
  func folders() throws {
    let run = try ScriptedStore { request in
      request.query("continuation-token") == nil
        ? Self.page(["pre/fix/p/object"], prefixes: ["pre/fix/p/a/", "pre/fix/p/b b/", "pre/fix/q/x/"], next: "n")
        : Self.page([], prefixes: ["pre/fix/p/a/", "pre/fix/p/c/"])
    }
    #expect(try run.store.folders(in: "p/").sorted() == ["a", "c"])
    #expect(run.server.requests.allSatisfy { $0.query("delimiter") == "%2F" })
  }

  @Test("a listing that goes in a circle, breaks off or is none ends with an error")
  func broken() throws {
    let circle = try ScriptedStore { _ in Self.page(["pre/fix/a"], next: "same") }
    #expect(failure { _ = try circle.store.list("") }?.code == .storeUnavailable)
    let whole = Self.page(["pre/fix/a"]).bytes
    let cut = try ScriptedStore { _ in ScriptedServer.Reply(bytes: whole.dropLast(10), closes: true) }
    #expect(failure { _ = try cut.store.list("") }?.retry != nil)
    let short = try ScriptedStore { _ in .status(200, [], "<ListBucketResult><Contents><Key>pre/fix/a</Key>") }
    #expect(failure { _ = try short.store.list("") }?.retry != nil)
    let page = try ScriptedStore { _ in .status(200, [], "<html>Welcome</html>") }
    #expect(failure { _ = try page.store.list("") }?.code == .storeUnavailable)
  }

  @Test("one page is asked for where one is wanted, and goes on from its mark")
  func onePage() throws {
    let run = try ScriptedStore { request in
      request.query("continuation-token") == nil ? Self.page(["pre/fix/a"], next: "n") : Self.page(["pre/fix/b"])
    }
    let first = try run.store.page(of: "", after: nil)
    #expect(first.objects.map(\.path.text) == ["a"])
    let second = try run.store.page(of: "", after: first.next)
    #expect(second.objects.map(\.path.text) == ["b"])
    #expect(second.next == nil)
    #expect(run.server.requests.count == 2)
  }
}
