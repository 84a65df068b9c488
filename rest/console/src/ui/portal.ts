// Where menus and lists open: within the page's main part, so that a reader of screens finds them in a landmark.
export const popupHome = (): HTMLElement | null => document.getElementById('content');
