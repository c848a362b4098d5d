import { cookies } from "next/headers";

import { add } from "./actions";
import { latest } from "./todos";

export default async function Page() {
  const user = (await cookies()).get("user")?.value;
  return (
    <main>
      <h1>{`Todos of ${user}`}</h1>
      <ul>
        {latest().map((todo) => (
          <li key={todo.id} className={todo.completed ? "completed" : "open"}>
            {todo.text}
          </li>
        ))}
      </ul>
      <form action={add}>
        <label htmlFor="text">Text</label>
        <input id="text" name="text" required maxLength={200} />
        <button>Add</button>
      </form>
    </main>
  );
}
