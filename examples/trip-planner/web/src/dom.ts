type Child = Node | string | undefined | false

export interface Props {
  class?: string
  text?: string
  attrs?: Readonly<Record<string, string | boolean | undefined>>
  on?: { [Type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Type]) => void }
}

/** Creates an element: the whole "framework" of this page. */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (props.class) element.className = props.class
  if (props.text !== undefined) element.textContent = props.text
  for (const [name, value] of Object.entries(props.attrs ?? {})) setAttribute(element, name, value)
  for (const [type, handler] of Object.entries(props.on ?? {})) element.addEventListener(type, handler as EventListener)
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false))
  return element
}

/** True is an empty attribute, false and undefined remove it. */
export function setAttribute(element: Element, name: string, value: string | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name)
  else if (element.getAttribute(name) !== (value === true ? '' : value)) element.setAttribute(name, value === true ? '' : value)
}

/** Changes the text only when it differs, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** An element from trusted markup of this source tree, never from data. */
export function fromMarkup(markup: string): HTMLElement {
  const template = document.createElement('template')
  template.innerHTML = markup.trim()
  return template.content.firstElementChild as HTMLElement
}

/** Puts the children of `parent` into the order of `wanted`, moving as few as possible. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  let at = parent.firstElementChild
  for (const element of wanted) {
    if (element === at) at = at.nextElementSibling
    else parent.insertBefore(element, at)
  }
  while (at) {
    const next = at.nextElementSibling
    at.remove()
    at = next
  }
}
