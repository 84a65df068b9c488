// Copies a text, also without a secure context and within a dialog that holds the focus: the selection of `node`, an
// element of that dialog, is copied, and the text put in its place. On failure the node stays selected.
export async function copy(text: string, node: Node): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Forbidden here; the selection may still be copied.
    }
  }
  return copySelected(text, node);
}

function copySelected(text: string, node: Node): boolean {
  const selection = getSelection();
  if (!selection) return false;
  const range = document.createRange();
  range.selectNodeContents(node);
  selection.removeAllRanges();
  selection.addRange(range);
  let taken = false;
  const put = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    taken = event.clipboardData !== null;
  };
  document.addEventListener('copy', put, { capture: true, once: true });
  const copied = document.execCommand('copy') && taken;
  document.removeEventListener('copy', put, { capture: true });
  if (copied) selection.removeAllRanges();
  return copied;
}
