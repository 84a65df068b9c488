// Copies a text, also where the page has no secure context and inside of a dialog that holds the focus.

function copySelected(node: Node): boolean {
  const selection = getSelection();
  if (!selection) return false;
  const range = document.createRange();
  range.selectNodeContents(node);
  selection.removeAllRanges();
  selection.addRange(range);
  const isCopied = document.execCommand('copy');
  if (isCopied) selection.removeAllRanges();
  return isCopied;
}

/** Copies `text`, which `node` shows; on failure the node's text stays selected and the answer is false. */
export async function copy(text: string, node: Node): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused: the selection may still be copied
    }
  }
  return copySelected(node);
}
