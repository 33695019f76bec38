"""The text of a deferred block enters; what a browser puts at its place leaves.

The markers and ``<template for>`` are HTML's own: Chromium applies them since version
150, with scripts forbidden, too (https://html.spec.whatwg.org/multipage/scripting.html,
"template", attribute ``for``). To other browsers the markers are comments, and a
template is inert: there a script does what the feature does.
"""

from __future__ import annotations

from markupsafe import escape

_WAY_OUT = "outpour-in-order"


def placed(name: str, fallback: str) -> str:
    """Mark the place of a block, with what is shown there in the meantime."""
    return f'<?start name="{name}">{fallback}<?end>'


def patch(name: str, content: str) -> str:
    """Return what puts a content into a marked place."""
    from .containment import contain

    # The line end tells the script that the template is whole.
    return f'<template for="{name}">{contain(content)}</template>\n'


def way_out(address: str) -> str:
    """Return a link to the page in order, for who has neither scripts nor the feature.

    Where the feature works it takes the link away again.

    :param address: where the page is sent in order.
    """
    link = f'<a href="{escape(address)}" rel="nofollow">Show the whole page</a>'
    return placed(_WAY_OUT, f"<noscript><p>{link}</p></noscript>") + patch(_WAY_OUT, "")


def script(nonce: str | None) -> str:
    """Return the script for browsers without the feature.

    :param nonce: what the page's Content-Security-Policy asks for, if anything.
    """
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return f"<script{attribute}>{_SCRIPT}</script>\n"


# A template is applied when something follows it, so that it is whole. Nodes are moved,
# not written, so that they stay what they are, and scripts among them run once.
_SCRIPT = """(() => {
const kinds = NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION;
const marker = node => node && (node.nodeType === 8 ? node.data :
  node.nodeType === 7 ? `?${node.target} ${node.data}` : "");
const find = name => {
  const nodes = document.createTreeWalker(document, kinds);
  while (nodes.nextNode())
    if (marker(nodes.currentNode).trim() === `?start name="${name}"`)
      return nodes.currentNode;
};
const apply = template => {
  const start = find(template.getAttribute("for"));
  if (!start) return;
  let end = start, depth = 0;
  do {
    if (/^\\?start\\b/.test(marker(end))) depth++;
    if (/^\\?end\\b/.test(marker(end))) depth--;
  } while (depth && (end = end.nextSibling));
  const range = document.createRange();
  range.setStartBefore(start);
  range.setEndAfter(end || start.parentNode.lastChild);
  range.deleteContents();
  range.insertNode(template.content);
  template.remove();
};
const applyAll = () => {
  for (const template of document.querySelectorAll("template[for]"))
    if (template.nextSibling || document.readyState !== "loading") apply(template);
};
const observer = new MutationObserver(applyAll);
observer.observe(document, {childList: true, subtree: true});
document.addEventListener("DOMContentLoaded", () => {
  applyAll();
  observer.disconnect();
});
document.currentScript.remove();
})()"""
