#!/bin/sh
# Past line 65,534 of an XML file, lxml's `sourceline` is the line of another node, or 65,535.
#
# libxml2 keeps an element's line in 16 bits. For later lines it answers with the line of the next
# text that it finds inside or after the element, whatever lies between, and with 65,535 if it finds
# none; nothing marks such a line as a guess. lxml 6.1.3 (libxml2 2.14.6) passes it on, also while
# streaming with iterparse.
# Hurt: whoever tells a registrar where a record stands. A NAACCR XML file of a few hundred patients
# has more lines, and a <Patient> is then said to be 300 lines below its place, or thousands above.
# Right reading: the line that the parser itself counts (expat's CurrentLineNumber, or a SAX
# locator); of sourceline, only values below 65,535, and those only if the next one is below it too.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import io
import sys
import xml.parsers.expat

from lxml import etree

SKIPPED = 70_000
NOTE = "<Note>" + "one line\n" * 300 + "</Note>"
BODY = f"<Patient>{NOTE}</Patient><Tumor><Item/></Tumor>"
FILE = ("<Patients>" + "\n" * SKIPPED + BODY + "</Patients>").encode()

counted = []
parser = xml.parsers.expat.ParserCreate()
parser.StartElementHandler = lambda name, _: counted.append((name, parser.CurrentLineNumber))
parser.Parse(FILE, True)

whole = [(element.tag, element.sourceline) for element in etree.fromstring(FILE).iter()]
streamed = [
    (element.tag, element.sourceline)
    for _, element in etree.iterparse(io.BytesIO(FILE), events=("start",))
]
print("lxml", ".".join(map(str, etree.LXML_VERSION[:3])), "libxml2", etree.LIBXML_VERSION)
print("element    expat  tree   iterparse")
for (name, right), (_, tree), (_, stream) in zip(counted, whole, streamed):
    print(f"{name:10} {right:6} {tree:6} {stream:6}")
expected = [("Patients", 1), ("Patient", 70301), ("Note", 70301), ("Tumor", 65535), ("Item", 65535)]
assert [line for _, line in counted] == [1, 70001, 70001, 70301, 70301]
sys.exit(0 if whole == expected else 1)
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lxml==6.1.3
"$folder/venv/bin/python" "$folder/try.py"
