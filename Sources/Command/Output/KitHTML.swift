import Bytes
import Drills

/// The pages of rescue kits as one HTML file: it loads nothing, and each page prints on one sheet.
enum KitHTML {
  private static let style = """
    @page { margin: 7mm }
    body { font: 6.8pt/1.25 sans-serif; color: #000; margin: 0 auto; max-width: 200mm }
    article { break-after: page }
    article:last-child { break-after: auto }
    h1 { font-size: 12pt; margin: 0 0 .1em }
    h2 { font-size: 8pt; margin: .5em 0 .1em; border-top: .5pt solid #000; padding-top: .15em }
    h3 { font: bold 6.5pt/1.2 sans-serif; margin: .4em 0 0 }
    h3 small { font-weight: normal; color: #444 }
    p { margin: .1em 0; overflow-wrap: anywhere }
    pre { font: 5.7pt/1.17 monospace; margin: .1em 0; white-space: pre-wrap; overflow-wrap: anywhere }
    main { display: grid; grid-template-columns: 42% 56.5%; column-gap: 1.5% }
    @media screen { body { font-size: 11pt; max-width: 60em } pre { font-size: 9.5pt } h2, h3 { font-size: 11pt } \
    main { display: block } }
    """

  /// A whole document.
  static func document(_ kits: [RecoveryKit]) -> String {
    let title = kits.map(\.component).joined(separator: ", ")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>Rescue kit of \(escaped(title))</title>
      <style>
      \(style)
      </style>
      </head>
      <body>
      \(kits.map(page).joined(separator: "\n"))
      </body>
      </html>

      """
  }

  private static func page(_ kit: RecoveryKit) -> String {
    // The longer way has a column of its own.
    let last = kit.ways.count - 1
    let ways = kit.ways.enumerated().map { way(["A", "B"][min($0.offset, 1)], $0.element, kit) }
    return """
      <article>
      <h1>Rescue kit of \(escaped(kit.component))</h1>
      \(paragraphs(KitWords.head(kit)))
      <main>
      <div>
      <h2>Where</h2>
      \(paragraphs(KitWords.places(kit)))
      <h2>Keys (the files themselves; never on paper)</h2>
      \(paragraphs(KitWords.keys(kit)))
      <h2>Times</h2>
      \(paragraphs(KitWords.times(kit)))
      \(ways[..<last].joined(separator: "\n"))
      <h2>Afterwards</h2>
      \(paragraphs(KitWords.afterwards(kit)))
      </div>
      \(ways[last])
      </main>
      </article>
      """
  }

  private static func way(_ letter: String, _ way: KitWay, _ kit: RecoveryKit) -> String {
    let variables = way.variables.map { "\($0.line)  # \($0.about)" } + ["cd /"]
    let steps = way.steps.enumerated().map { number, step in
      "<h3>\(letter)\(number + 1). \(escaped(step.title)) <small>\(escaped(KitWords.measured(step, kit)))</small></h3>\n"
        + "<pre>\(escaped(step.command))</pre>"
    }
    return """
      <section>
      <h2>\(letter). \(escaped(KitWords.title(way)))</h2>
      <pre>\(escaped(KitWords.packages(way)))</pre>
      <pre>\(escaped(variables.joined(separator: "\n")))</pre>
      \(steps.joined(separator: "\n"))
      </section>
      """
  }

  private static func paragraphs(_ lines: [String]) -> String {
    lines.map { "<p>\(escaped($0))</p>" }.joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }
}
