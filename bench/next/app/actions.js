"use server";

import { revalidatePath } from "next/cache";

import { append } from "./todos";

export async function add(form) {
  append(form.get("text"));
  revalidatePath("/");
}
