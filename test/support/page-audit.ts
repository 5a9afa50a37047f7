// Looks at a page as a person with weak eyes, a screen reader or a small screen would: contrast, names, sizes, width.
import type { Page } from 'playwright-core';

/** One sentence for each fault; none on a page in order. */
export async function auditPage(page: Page): Promise<string[]> {
  const parts = [paint, layersBehind, contrast, contrastFaults, nameFaults, sizeFaults, widthFaults];
  const source = parts.map((part) => part.toString()).join('\n');
  return page.evaluate(`(() => { ${source}
    return [...contrastFaults(), ...nameFaults(), ...sizeFaults(), ...widthFaults()];
  })()`);
}

// What follows runs in the page; each function may use those above it.

/** Red, green, blue and opacity (0 to 1) of any colour CSS knows, laid over what is behind it. */
function paint(colour: string, behind: readonly number[]): number[] {
  const context = new OffscreenCanvas(1, 1).getContext('2d')!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue].map((value, index) => (value * alpha) / 255 + (behind[index] ?? 255) * (1 - alpha / 255));
}

/** The colours that can be behind an element's text: of a gradient, each of its stops. */
function layersBehind(element: Element): number[][] {
  const chain: Element[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement) chain.unshift(at);
  return chain.reduce<number[][]>(
    (layers, at) => {
      const { backgroundColor, backgroundImage } = getComputedStyle(at);
      const under = layers.map((layer) => paint(backgroundColor, layer));
      const stops = /gradient/.test(backgroundImage) ? (backgroundImage.match(/(?:rgba?|color)\([^)]*\)/g) ?? []) : [];
      return stops.length === 0 ? under : under.flatMap((layer) => stops.map((stop) => paint(stop, layer)));
    },
    [[255, 255, 255]],
  );
}

/** WCAG 2.2, "contrast ratio". */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [light = 1, dark = 1] = [a, b]
    .map((colour) => {
      const linear = colour.map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
    })
    .toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG 2.2, success criterion 1.4.3 (AA). Disabled controls and what is hidden are exempt. */
function contrastFaults(): string[] {
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent?.trim())
      .join(' ');
    if (
      text.trim() === '' ||
      !element.checkVisibility({ opacityProperty: true }) ||
      element.closest(':disabled, .unseen, template, [aria-hidden="true"]')
    )
      return [];
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const size = Number.parseFloat(fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
    const ratio = Math.min(...layersBehind(element).map((layer) => contrast(paint(color, layer), layer)));
    return ratio >= needed ? [] : [`"${text.slice(0, 40)}" has a contrast of ${ratio.toFixed(2)}, not ${needed}`];
  });
}

/** Success criteria 4.1.2 and 3.3.2: everything that can be operated says what it is. */
function nameFaults(): string[] {
  return [...document.querySelectorAll<HTMLElement>('a[href], button, input, select')].flatMap((element) => {
    if (!element.checkVisibility()) return [];
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
    const name =
      element.getAttribute('aria-label') ?? (labels.map((label) => label.textContent).join(' ') || element.textContent);
    return name?.trim() ? [] : [`${element.outerHTML.slice(0, 80)} has no name`];
  });
}

/** Success criterion 2.5.8 (AA): targets of at least 24 by 24 pixels; links in a line of text are exempt. */
function sizeFaults(): string[] {
  return [...document.querySelectorAll<HTMLElement>('button, select, label:has(> input), summary')].flatMap(
    (element) => {
      const { width, height } = element.getBoundingClientRect();
      if (!element.checkVisibility() || (width >= 24 && height >= 24)) return [];
      return [`"${element.textContent?.trim().slice(0, 40)}" is ${width} by ${height} pixels`];
    },
  );
}

/** Success criterion 1.4.10: nothing has to be scrolled sideways. */
function widthFaults(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth <= clientWidth ? [] : [`the page is ${scrollWidth} pixels wide on a screen of ${clientWidth}`];
}
