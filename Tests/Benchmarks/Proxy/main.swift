// A fault proxy as a program, for benchmarks: `Proxy UPSTREAM-PORT [--round-trip MILLISECONDS] [--unavailable SHARE]`.
// Prints the port that it listens on and ends when its standard input does.
import FaultProxy
import Glibc

let usage = "usage: Proxy UPSTREAM-PORT [--round-trip MILLISECONDS] [--unavailable SHARE]"

func say(_ text: String, on descriptor: Int32) {
  _ = Array("\(text)\n".utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

func refuse(_ text: String) -> Never {
  say(text, on: 2)
  exit(2)
}

var words = CommandLine.arguments.dropFirst()
guard let upstream = words.popFirst().flatMap({ UInt16($0) }) else { refuse(usage) }
let proxy = try FaultProxy(before: upstream)
while let option = words.popFirst() {
  guard let value = words.popFirst().flatMap({ Double($0) }), value >= 0 else { refuse(usage) }
  switch option {
  case "--round-trip": proxy.setRoundTrip(UInt64(value * 1e6))
  case "--unavailable": proxy.play([ProxyFault(.answer(.slowDown()), probability: value)])
  default: refuse(usage)
  }
}
say("\(proxy.port)", on: 1)
while getchar() != EOF {}
