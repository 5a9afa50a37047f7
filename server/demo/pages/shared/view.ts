// Opens the <template>s of a page and finds their parts by `data-part`, so that markup stays in HTML and text never becomes markup.

export interface View {
  root: HTMLElement;
  /** Throws when the page has no such part: page and script belong together. */
  part<T extends Element>(name: string, kind: new () => T): T;
  button(name: string, onClick: () => void): HTMLButtonElement;
  /** Sets the text of a part. */
  text(name: string, text: string): HTMLElement;
  show(name: string, visible: boolean): HTMLElement;
}

/** A view on what is in the page already. */
export function viewOf(root: HTMLElement): View {
  function part<T extends Element>(name: string, kind: new () => T): T {
    const found = root.querySelector(`[data-part="${name}"]`);
    if (!(found instanceof kind)) throw new TypeError(`the page has no ${kind.name} named "${name}"`);
    return found;
  }
  return {
    root,
    part,
    button(name, onClick) {
      const button = part(name, HTMLButtonElement);
      button.addEventListener('click', onClick);
      return button;
    },
    text(name, text) {
      const element = part(name, HTMLElement);
      // Unchanged text is left alone: a live region would read it out again.
      if (element.textContent !== text) element.textContent = text;
      return element;
    },
    show(name, visible) {
      const element = part(name, HTMLElement);
      element.hidden = !visible;
      return element;
    },
  };
}

/** A new copy of `<template id="…">`, which holds one element. */
export function openTemplate(id: string): View {
  const template = document.getElementById(id);
  const root =
    template instanceof HTMLTemplateElement ? template.content.firstElementChild?.cloneNode(true) : undefined;
  if (!(root instanceof HTMLElement)) throw new TypeError(`the page has no template named "${id}"`);
  return viewOf(root);
}

/** Puts the view on the stage alone and moves the focus to its heading, so that a screen reader says where one is. */
export function showView(stage: HTMLElement, view: View): void {
  stage.replaceChildren(view.root);
  const heading = view.root.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  if (mayTakeFocus()) heading?.focus({ preventScroll: true });
  globalThis.scrollTo?.(0, 0);
}

/** In a frame of the demo's stage only while the person is there: focus would jump over from where they are. */
export function mayTakeFocus(): boolean {
  return globalThis.self === globalThis.top || document.hasFocus();
}

/** The stage of the page. */
export function mainOf(page: Document): HTMLElement {
  const main = page.querySelector('main');
  if (main === null) throw new TypeError('the page has no <main>');
  return main;
}

/** Points an `<svg><use>` at another symbol of the icon sheet. */
export function setIcon(icon: Element, name: string): void {
  icon.querySelector('use')?.setAttribute('href', `/demo/assets/icons.svg#${name}`);
}
