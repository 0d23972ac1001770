(least) => {
  // Each element with text of its own, its colour against the nearest opaque background below it (WCAG 2.1 relative luminance).
  const rgba = (text) => {
    const found = text.match(/[\d.]+/g);
    return found ? found.map(Number) : [0, 0, 0, 0];
  };
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const plain = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const light = ([r, g, b]) => {
    const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const below = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = plain(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest("svg")) continue;
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const ground = below(element);
    const ink = plain(getComputedStyle(element).color);
    const mixed = ink.map((v, i) => (i < 3 ? v * ink[3] + ground[i] * (1 - ink[3]) : 1));
    const [high, low] = [light(mixed), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least) found.push([element.textContent.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return found;
}
